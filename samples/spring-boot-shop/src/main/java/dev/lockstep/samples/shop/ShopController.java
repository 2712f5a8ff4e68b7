package dev.lockstep.samples.shop;

import dev.lockstep.spring.LockstepCacheManager;
import javax.cache.management.CacheStatisticsMXBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.cache.Cache;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** A page that shows which instance answered, and what its cache came to. */
@RestController
public class ShopController {

    private final Catalogue catalogue;
    private final LockstepCacheManager caches;
    private final String instance;

    public ShopController(
            Catalogue catalogue, LockstepCacheManager caches, @Value("${shop.instance}") String instance) {
        this.catalogue = catalogue;
        this.caches = caches;
        this.instance = instance;
    }

    @GetMapping("/products/{id}")
    public Product product(@PathVariable long id) {
        return catalogue.product(id);
    }

    @GetMapping(path = "/", produces = MediaType.TEXT_HTML_VALUE)
    public String page() {
        CacheStatisticsMXBean statistics = statistics();
        StringBuilder page = new StringBuilder("<!doctype html><title>Shop</title>\n");
        page.append("<p>answered by ").append(instance).append("</p>\n");
        page.append("<p>hits ").append(statistics.getCacheHits());
        page.append(", misses ").append(statistics.getCacheMisses());
        page.append(", queries ").append(catalogue.queries()).append("</p>\n<ul>\n");
        for (long id = 1; id <= 10; id++) {
            Product product = catalogue.product(id);
            page.append("<li>%s %s, read by %s</li>\n".formatted(product.name(), product.price(), product.readBy()));
        }
        return page.append("</ul>\n").toString();
    }

    private CacheStatisticsMXBean statistics() {
        Cache products = caches.getCache("products");
        return ((javax.cache.Cache<?, ?>) products.getNativeCache()).unwrap(CacheStatisticsMXBean.class);
    }
}
