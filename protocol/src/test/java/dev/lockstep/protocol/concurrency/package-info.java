/** Fixtures of concurrency tests: Lincheck's scenarios, and a loop and a clock that are operations of them. */
@NullMarked
package dev.lockstep.protocol.concurrency;

import org.jspecify.annotations.NullMarked;
