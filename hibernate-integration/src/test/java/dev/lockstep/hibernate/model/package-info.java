/** Fixtures of the two JVMs: a table of notes and what is around it. */
@NullMarked
package dev.lockstep.hibernate.model;

import org.jspecify.annotations.NullMarked;
