/** Raft over the links between nodes: Ratis' RPC, the appenders of followers, and the messages. */
@NullMarked
package dev.lockstep.cluster.consensus.ratis.transport;

import org.jspecify.annotations.NullMarked;
