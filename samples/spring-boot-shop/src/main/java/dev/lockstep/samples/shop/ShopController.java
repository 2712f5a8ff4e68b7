package dev.lockstep.samples.shop;

import java.math.BigDecimal;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Offers, changes of prices, and a page that shows which instance answered, and what its caches came to. */
@RestController
public class ShopController {

    private final Catalogue catalogue;
    private final Figures figures;

    public ShopController(Catalogue catalogue, Figures figures) {
        this.catalogue = catalogue;
        this.figures = figures;
    }

    @GetMapping("/products/{id}")
    public Offer offer(@PathVariable long id) {
        return catalogue.offer(id);
    }

    /** The transaction has ended when it answers. */
    @PostMapping("/products/{id}/price")
    public void reprice(@PathVariable long id, @RequestParam BigDecimal price) {
        catalogue.reprice(id, price);
    }

    @GetMapping("/figures")
    public Figures.Reading figures() {
        return figures.read();
    }

    @GetMapping(path = "/", produces = MediaType.TEXT_HTML_VALUE)
    public String page() {
        Figures.Reading now = figures.read();
        StringBuilder page = new StringBuilder("<!doctype html><title>Shop</title>\n");
        page.append("<p>answered by %s</p>\n".formatted(now.instance()));
        page.append("<p>@Cacheable descriptions: hits %d, misses %d, written here %d</p>\n"
                .formatted(now.descriptionHits(), now.descriptionMisses(), now.written()));
        page.append("<p>Hibernate's products: hits %d, misses %d, SQL statements %d</p>\n<ul>\n"
                .formatted(now.productHits(), now.productMisses(), now.statements()));
        for (long id = 1; id <= 10; id++) {
            Offer offer = catalogue.offer(id);
            page.append("<li>%s %s, %s (written by %s)</li>\n"
                    .formatted(
                            offer.name(),
                            offer.price(),
                            offer.description().text(),
                            offer.description().writtenBy()));
        }
        return page.append("</ul>\n").toString();
    }
}
