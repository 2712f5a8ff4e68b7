/** How many requests, and bytes of them, a node takes in a second: of each client, for each cache, and in all. */
@NullMarked
package dev.lockstep.cluster.rates;

import org.jspecify.annotations.NullMarked;
