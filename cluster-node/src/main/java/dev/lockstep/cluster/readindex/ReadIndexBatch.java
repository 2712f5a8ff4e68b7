package dev.lockstep.cluster.readindex;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ReplicatedLog.Leadership;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The reads of one group that are confirmed by the same rounds. Guarded by the lock of {@link ReadIndexRounds}. */
final class ReadIndexBatch {

    private final ReplicatedLog<?, ?> log;
    private final GroupTerm asked;
    private final List<Set<NodeId>> voters;
    private final long sinceNanos;
    private final Set<NodeId> confirmedBy = new HashSet<>();
    private final List<ReadIndexRounds.Reader> readers = new ArrayList<>();
    private long commitPosition;
    private boolean sent;
    private boolean over;

    ReadIndexBatch(int group, ReplicatedLog<?, ?> log, Leadership leadership, NodeId self, long sinceNanos) {
        this.log = log;
        this.asked = new GroupTerm(group, leadership.term());
        this.voters = leadership.voters();
        this.sinceNanos = sinceNanos;
        confirmedBy.add(self);
    }

    /**
     * Tells whether a read that begins now may join: no peer has been asked, and what will be asked is right for it.
     */
    boolean isOpenFor(Leadership leadership) {
        return !sent
                && !over
                && leadership.term() == asked.term()
                && leadership.voters().equals(voters);
    }

    /** @param position the commit position when the reader began */
    void join(ReadIndexRounds.Reader reader, long position) {
        readers.add(reader);
        commitPosition = Math.max(commitPosition, position);
    }

    void markSent() {
        sent = true;
    }

    void confirmedBy(NodeId peer) {
        confirmedBy.add(peer);
    }

    /** Tells whether a majority has confirmed, and this node still leads in the same term and among the same voters. */
    boolean isConfirmed() {
        return isMajority(voters, confirmedBy);
    }

    /** Tells whether this node is still the leader that asked. */
    boolean isStillLeading() {
        Leadership now = log.leadership();
        return now.ready() && now.term() == asked.term() && now.voters().equals(voters);
    }

    static boolean isMajority(List<Set<NodeId>> voters, Collection<NodeId> confirmed) {
        return voters.stream()
                .allMatch(set -> 2 * set.stream().filter(confirmed::contains).count() > set.size());
    }

    /** Ends the wait; true for the one thread that may complete the reads. */
    boolean end() {
        boolean first = !over;
        over = true;
        return first;
    }

    boolean isOver() {
        return over;
    }

    GroupTerm asked() {
        return asked;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    /** Final once it is over. */
    List<ReadIndexRounds.Reader> readers() {
        return readers;
    }

    /** Final once it is over. */
    long commitPosition() {
        return commitPosition;
    }

    ReplicatedLog<?, ?> log() {
        return log;
    }
}
