/** Hibernate's second-level cache in a cluster: regions are caches, soft locks are entries that every JVM sees. */
@NullMarked
package dev.lockstep.hibernate;

import org.jspecify.annotations.NullMarked;
