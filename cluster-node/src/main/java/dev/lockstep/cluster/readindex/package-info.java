/** ReadIndex: leadership confirmed by a majority, and positions applied, before a read is answered. */
@NullMarked
package dev.lockstep.cluster.readindex;

import org.jspecify.annotations.NullMarked;
