package dev.lockstep.samples.shop;

import java.io.Serializable;
import java.math.BigDecimal;

/**
 * What the shop sells.
 *
 * @param readBy the instance that read it from the database
 */
public record Product(long id, String name, BigDecimal price, String readBy) implements Serializable {}
