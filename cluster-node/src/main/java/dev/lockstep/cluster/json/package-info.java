/** JSON, as far as it is written. */
@NullMarked
package dev.lockstep.cluster.json;

import org.jspecify.annotations.NullMarked;
