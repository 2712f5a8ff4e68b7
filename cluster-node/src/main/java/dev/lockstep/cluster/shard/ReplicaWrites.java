package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.memory.NodeMemory;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The writes of one replica, proposed to its log while it leads. Thread-safe. */
final class ReplicaWrites {

    private final ReplicaState state;
    private final CacheCatalog caches;
    private final RequestGuards guards;
    private final Proposer proposer;
    private final EntryLeases leases;
    private final WriteAdmission admission;
    private final NodeMemory memory;
    private final SlowRequests slow;

    ReplicaWrites(
            ReplicaState state,
            CacheCatalog caches,
            RequestGuards guards,
            Proposer proposer,
            EntryLeases leases,
            WriteAdmission admission,
            NodeMemory memory,
            SlowRequests slow) {
        this.state = state;
        this.caches = caches;
        this.guards = guards;
        this.proposer = proposer;
        this.leases = leases;
        this.admission = admission;
        this.memory = memory;
        this.slow = slow;
    }

    /** Proposes mutations, and releases the lease that they were made under unless the client will retry. */
    void write(Request.Write write, Consumer<Reply> reply) {
        var command = new Command.Write(write.cacheId(), write.id(), write.mutations());
        propose(write.cacheId(), command, write.mutations(), answer -> {
            reply.accept(answer);
            boolean again =
                    answer instanceof Reply.Refused refused && refused.status().kind() != Status.Kind.PERMANENT;
            if (!write.lease().isNone() && !again) {
                leases.release(write.cacheId(), write.mutations().get(0).key(), write.lease());
            }
        });
    }

    /** Proposes to empty a cache. */
    void clear(Request.Clear clear, Consumer<Reply> reply) {
        propose(clear.cacheId(), new Command.Clear(clear.cacheId(), clear.id()), List.of(), reply);
    }

    private void propose(int cacheId, Command command, List<Mutation> mutations, Consumer<Reply> reply) {
        long begunNanos = slow.nanos();
        guards.leads(
                reply,
                () -> guards.logTimeKnown(
                        reply,
                        () -> guards.cacheExists(
                                cacheId,
                                reply,
                                () -> guards.storeSound(
                                        reply, () -> admit(cacheId, command, mutations, begunNanos, reply)))));
    }

    private void admit(int cacheId, Command command, List<Mutation> mutations, long begunNanos, Consumer<Reply> reply) {
        long bytes = WriteAdmission.bytes(mutations);
        Reply.Refused refusal = admission.refusal(caches.cache(cacheId), cacheId, mutations, bytes);
        if (refusal == null) {
            proposeNow(cacheId, command, mutations.size(), bytes, begunNanos, reply);
        } else {
            reply.accept(refusal);
        }
    }

    private void proposeNow(
            int cacheId, Command command, int entries, long bytes, long begunNanos, Consumer<Reply> reply) {
        memory.begins(bytes);
        Proposer.Proposal proposal = proposer.propose(defined(cacheId, command));
        CompletableFuture<Outcome> outcome = proposal.outcome();
        outcome.whenComplete((done, failure) -> memory.ends(bytes));
        if (outcome.isDone()) {
            answer(cacheId, entries, begunNanos, proposal, outcome.join(), reply);
        } else {
            outcome.thenAccept(later -> answer(cacheId, entries, begunNanos, proposal, later, reply));
        }
    }

    private void answer(
            int cacheId,
            int entries,
            long begunNanos,
            Proposer.Proposal proposal,
            Outcome outcome,
            Consumer<Reply> reply) {
        Reply answer = guards.reply(outcome);
        slow.write(cacheId, state.shard(), entries, begunNanos, proposal.steps(), answer);
        reply.accept(answer);
    }

    /** The command, after the definition of its cache if the log does not have that yet. */
    private List<Command> defined(int cacheId, Command command) {
        CacheInfo unknown = state.definition(cacheId) == null ? caches.cache(cacheId) : null;
        return unknown == null ? List.of(command) : List.of(new Command.Define(unknown), command);
    }
}
