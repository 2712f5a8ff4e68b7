/** What a node measures: the catalogue of its meters, and the binding to a registry. The only importer of Micrometer. */
@NullMarked
package dev.lockstep.cluster.meters;

import org.jspecify.annotations.NullMarked;
