/** A shop whose instances share what they have read from the database, and what happens when some of it is killed. */
@NullMarked
package dev.lockstep.samples.shop;

import org.jspecify.annotations.NullMarked;
