package dev.lockstep.hibernate;

import dev.lockstep.jcache.Version;
import org.hibernate.cache.spi.access.SoftLock;

/**
 * A lock of an item, held by a transaction.
 *
 * @param id as {@link Locks} knows it
 * @param fence what was put in the place of the value
 */
record ItemLock(String id, Version fence) implements SoftLock {}
