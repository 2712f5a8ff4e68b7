package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Opens this node's replicas of replicated logs. Thread-safe. */
public interface Consensus extends AutoCloseable {

    /**
     * Opens the replica of a group, recovering what it had, which may go on after this has returned. The machine may be driven before that.
     *
     * @param group number of the group, 0 and up for shards, {@link ShardMap#CONTROL_GROUP} for the control group
     * @param replicas the nodes that host it; used when the group is first formed. Without this one, the replica takes part in
     *     nothing until the group's leader has made it a voter
     */
    <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine);

    /** Learns the members of the cluster and their addresses, before groups are opened or moved there. */
    default void members(List<Member> members) {}

    /** Tells whether this node has files of a group, whether its replica is open or not. */
    default boolean stores(int group) {
        return true;
    }

    /**
     * Closes the replica of a group if it is open, and deletes all that it has kept. Idempotent.
     *
     * @return done once nothing of it is left, so that it may be opened anew; fails if something is
     */
    default CompletableFuture<Void> remove(int group) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException("The groups of this node stay"));
    }

    /**
     * Takes what the replicas of another node say to those of this one, in the order in which it comes over a connection; the
     * default knows no other node. Never blocks.
     *
     * @param from the node that says it
     * @param answer told once, on any thread: {@link Reply.FromLog}, or a refusal
     */
    default void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
        answer.accept(Reply.Refused.of(Status.INVALID, "The logs of this node exchange no messages with other nodes"));
    }

    /** Describes the replicas of this node; the default describes none, since nothing can happen to them. On any thread. */
    default List<ReplicaStatus> replicas() {
        return List.of();
    }

    /**
     * Forces a replica that has lost state to rejoin without waiting for the others; what only it had acknowledged is lost.
     *
     * @param term higher than any that another replica of the group is in
     * @param electable whether it may be elected at once
     * @param answer told once, on any thread: {@link Reply.Done}, or a refusal if it does not wait
     */
    default void recover(int group, long term, boolean electable, Consumer<Reply> answer) {
        answer.accept(Reply.Refused.of(Status.INVALID, "Group " + group + " has lost nothing"));
    }

    /** Closes all replicas and whatever they share. Idempotent. */
    @Override
    void close();
}
