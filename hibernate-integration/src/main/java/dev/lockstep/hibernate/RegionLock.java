package dev.lockstep.hibernate;

import org.hibernate.cache.spi.access.SoftLock;

/**
 * A lock of a region, held by a transaction.
 *
 * @param id as {@link Locks} knows it
 */
record RegionLock(String id) implements SoftLock {}
