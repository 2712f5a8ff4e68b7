package dev.lockstep.classpaths.boot;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Answers from the cache. */
@RestController
class PriceController {

    private final Prices prices;

    PriceController(Prices prices) {
        this.prices = prices;
    }

    @GetMapping("/prices/{name}")
    String price(@PathVariable("name") String name) {
        return Integer.toString(prices.of(name));
    }
}
