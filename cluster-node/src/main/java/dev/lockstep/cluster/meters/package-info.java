/** The meters of a node: their catalogue, and the binding to a registry. The only importer of Micrometer. */
@NullMarked
package dev.lockstep.cluster.meters;

import org.jspecify.annotations.NullMarked;
