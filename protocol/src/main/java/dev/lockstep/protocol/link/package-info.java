/** The ports between a session and the nodes: links that carry requests, log-ins, and the replicas of a node in this JVM. */
@NullMarked
package dev.lockstep.protocol.link;

import org.jspecify.annotations.NullMarked;
