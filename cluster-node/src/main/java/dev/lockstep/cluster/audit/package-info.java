/** The audit log. */
@NullMarked
package dev.lockstep.cluster.audit;

import org.jspecify.annotations.NullMarked;
