package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.EntryTooLargeException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.snapshot.CheckpointPiece;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;

/** A replica of a Raft group. Entries are proposed to the server in this JVM, without a client in between. Thread-safe. */
final class RatisLog implements ReplicatedLog {

    private final RaftServer.Division division;
    private final RatisStateMachine machine;
    private final LeaderContacts.Contact contact;
    private final int maxEntryBytes;
    private final Executor disk;
    private final Consumer<@Nullable NodeId> transfer;
    private final Runnable remove;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private volatile @Nullable Seen seen;

    /** The last standing that was made, and what it was made from. */
    private record Seen(@Nullable RaftPeerId leader, RaftConfiguration configuration, Standing standing) {}

    /**
     * @param disk does what may wait for the disk
     * @param transfer asks Ratis to hand leadership over; returns at once
     * @param remove takes the replica out of the server; returns at once
     */
    RatisLog(
            RaftServer.Division division,
            RatisStateMachine machine,
            LeaderContacts.Contact contact,
            int maxEntryBytes,
            Executor disk,
            Consumer<@Nullable NodeId> transfer,
            Runnable remove) {
        this.division = division;
        this.machine = machine;
        this.contact = contact;
        this.maxEntryBytes = maxEntryBytes;
        this.disk = disk;
        this.transfer = transfer;
        this.remove = remove;
    }

    @Override
    public CompletableFuture<Object> propose(byte[] entry) {
        if (entry.length > maxEntryBytes) {
            return CompletableFuture.failedFuture(new EntryTooLargeException(entry.length, maxEntryBytes));
        }
        Proposal proposal = new Proposal(entry);
        machine.await(proposal);
        if (!proposal.answer().isDone()) {
            submit(proposal);
        }
        return proposal.answer();
    }

    private void submit(Proposal proposal) {
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(division.getId())
                .setGroupId(division.getMemberId().getGroupId())
                .setCallId(calls.incrementAndGet())
                .setMessage(proposal)
                .setType(RaftClientRequest.writeRequestType())
                .build();
        try {
            ((RaftClientAsynchronousProtocol) division)
                    .submitClientRequestAsync(request)
                    .whenComplete((reply, failure) ->
                            machine.settle(proposal, failure == null ? reply.getException() : failure, otherLeader()));
        } catch (IOException | RuntimeException failure) {
            machine.settle(proposal, failure, otherLeader());
        }
    }

    /** A leader that has just lost its place may still name itself. */
    private @Nullable RaftPeerId otherLeader() {
        RaftPeerId leader = division.getInfo().getLeaderId();
        return division.getId().equals(leader) ? null : leader;
    }

    /**
     * Made anew only when something differs. The term is read before and after the rest: Ratis changes its role to leader
     * after the term has risen, and back before it rises again, so what is read between two equal terms is of that term.
     */
    @Override
    public Standing standing() {
        DivisionInfo info = division.getInfo();
        long term;
        boolean leads;
        boolean ready;
        RaftPeerId leader;
        do {
            term = info.getCurrentTerm();
            leads = !machine.isStopped() && info.isLeader();
            ready = leads && info.isLeaderReady();
            leader = machine.isStopped() ? null : info.getLeaderId();
        } while (term != info.getCurrentTerm());
        RaftConfiguration configuration = division.getRaftConf();
        Seen last = seen;
        if (last != null
                && last.standing().term() == term
                && last.standing().leads() == leads
                && last.standing().ready() == ready
                && Objects.equals(last.leader(), leader)
                && configuration.equals(last.configuration())) {
            return last.standing();
        }
        Standing standing = new Standing(term, leads, ready, Peers.node(leader), Peers.voters(configuration));
        seen = new Seen(leader, configuration, standing);
        return standing;
    }

    /**
     * Not what is applied here: a follower may have applied, and shown to somebody, what the leader has committed and is about
     * to apply. Entries of Ratis' own are passed by, since they never reach the machine, and to wait for one would take for
     * ever; there are hardly any, so the first look is nearly always enough.
     */
    @Override
    public long commitPosition() {
        RaftLog log = division.getRaftLog();
        long applied = machine.applied();
        try {
            for (long index = log.getLastCommittedIndex(); index > applied; index--) {
                LogEntryProto entry = log.get(index);
                if (entry != null && entry.hasStateMachineLogEntry()) {
                    return index;
                }
            }
        } catch (IOException unreadable) {
            // Nobody may take less for current: the reader waits in vain, and asks again.
            return log.getLastCommittedIndex();
        }
        return applied;
    }

    @Override
    public long appliedPosition() {
        return machine.applied();
    }

    @Override
    public long sinceLeaderContactNanos() {
        if (machine.isStopped()) {
            return Long.MAX_VALUE;
        }
        return division.getInfo().isLeader() ? 0 : contact.sinceNanos();
    }

    @Override
    public void stepDown(@Nullable NodeId successor) {
        if (division.getInfo().isLeader()) {
            transfer.accept(successor);
        }
    }

    @Override
    public CompletableFuture<@Nullable CheckpointPiece> checkpoint(long since, CheckpointPiece.Wanted wanted) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return machine.checkpoints().taking().piece(since, wanted);
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                disk);
    }

    @Override
    public void close() {
        if (!machine.isStopped()) {
            machine.stop(new IOException("The log is closed"));
            remove.run();
        }
    }
}
