package dev.lockstep.cluster.readindex;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Confirms, for reads, that this node still leads a log: a majority of its voters confirms its term. Each peer is
 * asked for all logs at once, one question at a time; a read counts only answers to questions sent after it came. Terms
 * rise before votes are granted, so no clock takes part.
 *
 * <p>Thread-safe; the lock guards all fields, and no peer is asked and no read completed while it is held.
 */
public final class ReadIndexRounds {

    static final int MAX_WAITING = 65_536;

    private final NodeId self;
    private final TermConfirmations peers;
    private final Time time;
    private final long patienceNanos;
    private final Map<Integer, ReadIndexBatch> open = new HashMap<>();
    private final List<ReadIndexBatch> pending = new ArrayList<>();
    private final Map<NodeId, PeerRounds> rounds = new HashMap<>();
    private final LongAdder asked = new LongAdder();
    private int waiting;

    /** Takes what comes of a confirmation, on any thread; must not block. */
    public interface Reader {

        /**
         * Confirms that this node leads, and that all that was committed before the read began is at or below {@code
         * commitPosition}.
         */
        void confirmed(long commitPosition);

        /** @param why {@link Status#NO_LEADER} or {@link Status#BUSY} */
        void refused(Status why);
    }

    private record Question(NodeId peer, PeerRounds.Round round) {}

    /** @param patience how long a majority may be silent until a leader steps down */
    public ReadIndexRounds(NodeId self, TermConfirmations peers, Time time, Duration patience) {
        this.self = self;
        this.peers = peers;
        this.time = time;
        this.patienceNanos = patience.toNanos();
    }

    /** This node. */
    public NodeId self() {
        return self;
    }

    /** Confirms that this node leads {@code log}, from now on; at once when it is the only voter. */
    public void confirm(int group, ReplicatedLog<?, ?> log, Reader reader) {
        ReplicatedLog.Leadership leadership = log.leadership();
        if (!leadership.ready()) {
            reader.refused(Status.NO_LEADER);
            return;
        }
        long commitPosition = log.commitPosition();
        if (ReadIndexBatch.isMajority(leadership.voters(), Set.of(self))) {
            reader.confirmed(commitPosition);
            return;
        }
        List<Question> questions = new ArrayList<>();
        boolean full;
        synchronized (this) {
            full = waiting >= MAX_WAITING;
            if (!full) {
                waiting++;
                ReadIndexBatch reads = open.get(group);
                if (reads == null || !reads.isOpenFor(leadership)) {
                    reads = start(group, log, leadership);
                }
                reads.join(reader, commitPosition);
                for (NodeId peer : others(leadership)) {
                    take(peer, questions);
                }
            }
        }
        if (full) {
            reader.refused(Status.BUSY);
        }
        questions.forEach(this::ask);
    }

    private ReadIndexBatch start(int group, ReplicatedLog<?, ?> log, ReplicatedLog.Leadership leadership) {
        ReadIndexBatch reads = new ReadIndexBatch(group, log, leadership, self, time.nanos());
        open.put(group, reads);
        pending.add(reads);
        for (NodeId peer : others(leadership)) {
            roundsOf(peer).add(reads);
        }
        return reads;
    }

    private Set<NodeId> others(ReplicatedLog.Leadership leadership) {
        return leadership.voters().stream()
                .flatMap(Set::stream)
                .filter(voter -> !voter.equals(self))
                .collect(Collectors.toSet());
    }

    private void take(NodeId peer, List<Question> questions) {
        PeerRounds.Round round = roundsOf(peer).take(time.nanos());
        if (round != null) {
            questions.add(new Question(peer, round));
        }
    }

    private PeerRounds roundsOf(NodeId peer) {
        return rounds.computeIfAbsent(peer, none -> new PeerRounds());
    }

    private void ask(Question question) {
        asked.increment();
        var request = new Request.ConfirmTerms(question.round().terms());
        peers.ask(question.peer(), request, reply -> answered(question, reply));
    }

    private void answered(Question question, @Nullable Reply reply) {
        List<Boolean> answers = reply instanceof Reply.TermsConfirmed confirmed
                        && confirmed.confirmed().size()
                                == question.round().terms().size()
                ? confirmed.confirmed()
                : null;
        List<ReadIndexBatch> confirmed = new ArrayList<>();
        List<Question> questions = new ArrayList<>();
        synchronized (this) {
            PeerRounds peer = roundsOf(question.peer());
            if (!peer.end(question.round())) {
                return;
            }
            for (ReadIndexBatch reads : question.round().reads()) {
                if (answers != null && answers.get(question.round().terms().indexOf(reads.asked()))) {
                    reads.confirmedBy(question.peer());
                    if (reads.isConfirmed() && end(reads)) {
                        confirmed.add(reads);
                    }
                } else if (!reads.isOver()) {
                    peer.postpone(reads);
                }
            }
            if (answers != null) {
                take(question.peer(), questions);
            }
        }
        questions.forEach(this::ask);
        for (ReadIndexBatch reads : confirmed) {
            tell(reads, reads.isStillLeading() ? null : Status.NO_LEADER);
        }
    }

    private boolean end(ReadIndexBatch reads) {
        if (!reads.end()) {
            return false;
        }
        pending.remove(reads);
        open.remove(reads.asked().group(), reads);
        waiting -= reads.readers().size();
        return true;
    }

    private static void tell(ReadIndexBatch reads, @Nullable Status refusal) {
        for (Reader reader : reads.readers()) {
            if (refusal == null) {
                reader.confirmed(reads.commitPosition());
            } else {
                reader.refused(refusal);
            }
        }
    }

    /**
     * The questions that this node has asked others.
     *
     * @param questions sent since it was started, each of one node, about all groups that have reads then
     * @param waiting reads that wait for an answer
     */
    public record Counts(long questions, int waiting) {}

    public synchronized Counts counts() {
        return new Counts(asked.sum(), waiting);
    }

    /** Tells whether reads wait to be confirmed, which {@link #tick} may have to help. */
    public synchronized boolean isAtWork() {
        return !pending.isEmpty();
    }

    /**
     * Drives the rounds, called every few milliseconds: asks again where there was no answer, gives up what can't be confirmed any more,
     * and lets a leader step down that the majority has not answered for too long.
     */
    public void tick() {
        List<ReadIndexBatch> lost = new ArrayList<>();
        List<ReadIndexBatch> late = new ArrayList<>();
        List<Question> questions = new ArrayList<>();
        long now = time.nanos();
        synchronized (this) {
            for (ReadIndexBatch reads : List.copyOf(pending)) {
                if (!reads.isStillLeading()) {
                    end(reads);
                    lost.add(reads);
                } else if (now - reads.sinceNanos() > patienceNanos) {
                    end(reads);
                    late.add(reads);
                }
            }
            rounds.values().forEach(peer -> peer.tick(now - patienceNanos));
            rounds.keySet().forEach(peer -> take(peer, questions));
        }
        questions.forEach(this::ask);
        lost.forEach(reads -> tell(reads, Status.NO_LEADER));
        for (ReadIndexBatch reads : late) {
            reads.log().stepDown(null);
            tell(reads, Status.NO_LEADER);
        }
    }
}
