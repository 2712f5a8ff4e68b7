/** The cost of encryption. */
@NullMarked
package dev.lockstep.benchmarks.tls;

import org.jspecify.annotations.NullMarked;
