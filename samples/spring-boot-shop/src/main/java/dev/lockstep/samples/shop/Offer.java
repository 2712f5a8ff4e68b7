package dev.lockstep.samples.shop;

import java.math.BigDecimal;

/** A product as customers see it. */
public record Offer(long id, String name, BigDecimal price, Description description, String answeredBy) {}
