package dev.lockstep.cluster.readindex;

import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The questions to one peer: one is under way, and all that want to ask meanwhile make the next. Guarded by the lock of
 * {@link ReadIndexRounds}.
 */
final class PeerRounds {

    private final List<ReadIndexBatch> next = new ArrayList<>();
    private final List<ReadIndexBatch> again = new ArrayList<>();
    private @Nullable Round underWay;
    private long asked;

    /** One question, by its number: about which terms, for whom, and since when it is under way. */
    record Round(long number, List<GroupTerm> terms, List<ReadIndexBatch> reads, long sinceNanos) {}

    void add(ReadIndexBatch reads) {
        next.removeIf(ReadIndexBatch::isOver);
        next.add(reads);
    }

    /** The next question, if none is under way and somebody wants to ask. */
    @Nullable
    Round take(long nowNanos) {
        next.removeIf(ReadIndexBatch::isOver);
        if (underWay != null || next.isEmpty()) {
            return null;
        }
        var terms = new LinkedHashSet<GroupTerm>();
        for (ReadIndexBatch reads : next) {
            reads.markSent();
            terms.add(reads.asked());
        }
        underWay = new Round(++asked, List.copyOf(terms), List.copyOf(next), nowNanos);
        next.clear();
        return underWay;
    }

    /** The question has an answer, or will have none; false if it had been given up. */
    boolean end(Round round) {
        if (underWay == null || underWay.number() != round.number()) {
            return false;
        }
        underWay = null;
        return true;
    }

    /** To be asked again after a while. */
    void postpone(ReadIndexBatch reads) {
        again.add(reads);
    }

    /** That while is over; a question that has had no answer since {@code longAgoNanos} is given up. */
    void tick(long longAgoNanos) {
        if (underWay != null && underWay.sinceNanos() - longAgoNanos < 0) {
            again.addAll(underWay.reads());
            underWay = null;
        }
        next.addAll(again);
        again.clear();
    }
}
