package dev.lockstep.samples.shop;

import java.io.Serializable;

/**
 * The description of a product.
 *
 * @param writtenBy the instance that came up with it
 */
public record Description(String text, String writtenBy) implements Serializable {}
