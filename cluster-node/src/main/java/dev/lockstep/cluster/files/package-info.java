/** Small durable files, quarantined folders, and the supervision of a node's disk. */
@NullMarked
package dev.lockstep.cluster.files;

import org.jspecify.annotations.NullMarked;
