/** Hibernate's second-level cache, in one small program. */
@NullMarked
package dev.lockstep.samples.hibernate;

import org.jspecify.annotations.NullMarked;
