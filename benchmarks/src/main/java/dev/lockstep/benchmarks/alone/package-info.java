/** {@code ./lockstep-bench alone}: a cache in one JVM, beside Caffeine's. */
@NullMarked
package dev.lockstep.benchmarks.alone;

import org.jspecify.annotations.NullMarked;
