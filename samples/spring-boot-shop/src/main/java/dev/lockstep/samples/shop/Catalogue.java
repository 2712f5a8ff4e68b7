package dev.lockstep.samples.shop;

import java.math.BigDecimal;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The products for sale, and their prices. */
@Service
public class Catalogue {

    private final Products products;
    private final Descriptions descriptions;
    private final String instance;

    public Catalogue(Products products, Descriptions descriptions, @Value("${shop.instance}") String instance) {
        this.products = products;
        this.descriptions = descriptions;
        this.instance = instance;
    }

    @Transactional(readOnly = true)
    public Offer offer(long id) {
        Product product = products.findById(id).orElseThrow();
        return new Offer(id, product.name(), product.price(), descriptions.of(id), instance);
    }

    @Transactional
    public void reprice(long id, BigDecimal price) {
        products.findById(id).orElseThrow().reprice(price);
    }
}
