package dev.lockstep.jcache.marshalling;

import java.io.Serializable;

/**
 * A collection inside a key, in the one form that all collections have that are equal to it.
 *
 * @param bytes as {@link CanonicalCollections} writes it
 */
record CanonicalForm(byte[] bytes) implements Serializable {}
