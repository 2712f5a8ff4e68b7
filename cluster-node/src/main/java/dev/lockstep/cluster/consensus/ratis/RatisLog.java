package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.consensus.EntryTooLargeException;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ProposalSteps;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.raftlog.RaftLog;
import org.jspecify.annotations.Nullable;

/**
 * A replica of a Raft group, which may be opened later. Entries are proposed to the server in this JVM, without a client in between.
 * Thread-safe.
 */
final class RatisLog<E, R> implements ReplicatedLog<E, R> {

    private static final long NO_TERM = -1;

    private final LogMachine<E, R> machine;
    private final Leadership notOpen;
    private final LeaderContacts.Contact contact;
    private final int maxEntryBytes;
    private final Executor disk;
    private final Replica replica;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private volatile @Nullable Opened opened;
    private volatile @Nullable Seen seen;
    private volatile boolean closed;

    /** The replica of a log, on any thread; all of it returns at once. */
    interface Replica {

        /** Asks Ratis to hand leadership over, to any other replica if {@code successor} is null. */
        void transferLeadership(@Nullable NodeId successor);

        /** See {@link ReplicatedLog#changeVoters}. */
        CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to);

        /** See {@link ReplicatedLog#lose}. */
        void loseState(String cause);

        /** Removes the replica from its server; its files stay. */
        void remove();
    }

    /** Ratis' part of it. */
    private record Opened(RaftServer.Division division, RatisStateMachine machine) {}

    /** The last leadership that was made, and what it was made from. */
    private record Seen(@Nullable RaftPeerId leader, RaftConfiguration configuration, Leadership leadership) {}

    /**
     * @param replicas the nodes that host one
     * @param disk does what may wait for the disk
     */
    RatisLog(
            LogMachine<E, R> machine,
            Collection<NodeId> replicas,
            LeaderContacts.Contact contact,
            int maxEntryBytes,
            Executor disk,
            Replica replica) {
        this.machine = machine;
        this.notOpen = new Leadership(NO_TERM, false, false, null, List.of(Set.copyOf(replicas)));
        this.contact = contact;
        this.maxEntryBytes = maxEntryBytes;
        this.disk = disk;
        this.replica = replica;
    }

    /** Attaches the replica once Ratis has opened it. */
    void opened(RaftServer.Division division, RatisStateMachine machine) {
        opened = new Opened(division, machine);
        if (closed) {
            close();
        }
    }

    @Override
    public CompletableFuture<R> propose(E entry) {
        return proposed(entry, null);
    }

    @Override
    public CompletableFuture<R> propose(E entry, ProposalSteps steps) {
        return proposed(entry, steps);
    }

    private CompletableFuture<R> proposed(E entry, @Nullable ProposalSteps steps) {
        byte[] bytes = machine.encode(entry);
        if (bytes.length > maxEntryBytes) {
            return CompletableFuture.failedFuture(new EntryTooLargeException(bytes.length, maxEntryBytes));
        }
        Opened to = opened;
        if (to == null) {
            return CompletableFuture.failedFuture(new NotLeaderException("The replica is not open", null));
        }
        Proposal<E, R> proposal = new Proposal<>(machine, entry, bytes, steps);
        to.machine().await(proposal);
        if (!proposal.answer().isDone()) {
            submit(to, proposal);
        }
        return proposal.answer();
    }

    private void submit(Opened to, Proposal<E, R> proposal) {
        RaftServer.Division division = to.division();
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(division.getId())
                .setGroupId(division.getMemberId().getGroupId())
                .setCallId(calls.incrementAndGet())
                .setMessage(proposal)
                .setType(RaftClientRequest.writeRequestType())
                .build();
        try {
            CompletableFuture<RaftClientReply> answer = DirectRaftLog.writingAfter(
                    division.getRaftLog(),
                    () -> ((RaftClientAsynchronousProtocol) division).submitClientRequestAsync(request));
            proposal.written();
            answer.whenComplete((reply, failure) -> to.machine()
                    .settle(proposal, failure == null ? reply.getException() : failure, otherLeader(division)));
        } catch (IOException | RuntimeException failure) {
            to.machine().settle(proposal, failure, otherLeader(division));
        }
    }

    /** A leader that has just lost its place may still name itself. */
    private static @Nullable RaftPeerId otherLeader(RaftServer.Division division) {
        RaftPeerId leader = division.getInfo().getLeaderId();
        return division.getId().equals(leader) ? null : leader;
    }

    /**
     * Returns the last leadership again unless something differs. The term is read before and after the rest: Ratis
     * changes its role to leader after the term has risen, and back before it rises again, so what is read between
     * two equal terms is of that term.
     */
    @Override
    public Leadership leadership() {
        Opened of = opened;
        if (of == null) {
            return notOpen;
        }
        RatisStateMachine machine = of.machine();
        DivisionInfo info = of.division().getInfo();
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
        RaftConfiguration configuration = of.division().getRaftConf();
        Seen last = seen;
        if (last != null
                && last.leadership().term() == term
                && last.leadership().leads() == leads
                && last.leadership().ready() == ready
                && Objects.equals(last.leader(), leader)
                && configuration.equals(last.configuration())) {
            return last.leadership();
        }
        Leadership leadership =
                new Leadership(term, leads, ready, RatisNames.node(leader), RatisNames.voters(configuration));
        seen = new Seen(leader, configuration, leadership);
        return leadership;
    }

    @Override
    public boolean votersAreCommitted() {
        Opened of = opened;
        return of != null
                && of.division().getRaftConf().getLogEntryIndex()
                        <= of.division().getRaftLog().getLastCommittedIndex();
    }

    /**
     * Returns more than what is applied here: a follower may have applied, and shown to a client, what the leader has
     * committed and is about to apply. Entries of Ratis' own are passed by, since they never reach the machine, and
     * to wait for one would take for ever; there are hardly any, so the first look is nearly always enough.
     */
    @Override
    public long commitPosition() {
        Opened of = opened;
        if (of == null) {
            return 0;
        }
        RaftLog log = of.division().getRaftLog();
        long applied = of.machine().applied();
        try {
            for (long index = log.getLastCommittedIndex(); index > applied; index--) {
                LogEntryProto entry = log.get(index);
                if (entry != null && entry.hasStateMachineLogEntry()) {
                    return index;
                }
            }
        } catch (IOException unreadable) {
            // Less must not be taken for current: the reader waits in vain, and asks again.
            return log.getLastCommittedIndex();
        }
        return applied;
    }

    @Override
    public long knownCommitPosition() {
        Opened of = opened;
        long heard = contact.committed();
        return of != null && heard > of.division().getRaftLog().getLastCommittedIndex() ? heard : commitPosition();
    }

    @Override
    public long appliedPosition() {
        Opened of = opened;
        return of == null ? 0 : of.machine().applied();
    }

    @Override
    public long sinceLeaderContactNanos() {
        Opened of = opened;
        if (of == null || of.machine().isStopped()) {
            return Long.MAX_VALUE;
        }
        return of.division().getInfo().isLeader() ? 0 : contact.sinceNanos();
    }

    @Override
    public void stepDown(@Nullable NodeId successor) {
        Opened of = opened;
        if (of != null && of.division().getInfo().isLeader()) {
            replica.transferLeadership(successor);
        }
    }

    @Override
    public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
        Opened of = opened;
        return of == null
                ? CompletableFuture.failedFuture(new NotLeaderException("The replica is not open", null))
                : replica.changeVoters(from, to);
    }

    @Override
    public CompletableFuture<@Nullable CheckpointPiece> checkpoint(long since, CheckpointPiece.Wanted wanted) {
        Opened of = opened;
        if (of == null) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return of.machine().checkpoints().taking().piece(since, wanted);
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                disk);
    }

    @Override
    public void lose(String cause) {
        replica.loseState(cause);
    }

    @Override
    public void close() {
        closed = true;
        Opened of = opened;
        if (of != null && !of.machine().isStopped()) {
            of.machine().stop(new IOException("The log is closed"));
            replica.remove();
        }
    }
}
