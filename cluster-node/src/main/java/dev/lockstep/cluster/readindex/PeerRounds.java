package dev.lockstep.cluster.readindex;

import dev.lockstep.protocol.wire.Request.ConfirmTerms.GroupTerm;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The questions to one peer: one is in flight, and all that want to ask meanwhile make the next. Guarded by the lock of
 * {@link ReadIndexRounds}.
 */
final class PeerRounds {

    private final List<ReadIndexBatch> next = new ArrayList<>();
    private final List<ReadIndexBatch> again = new ArrayList<>();
    private @Nullable Round inFlight;
    private long asked;

    /** One question, by its number: about which terms, for which reads, and since when it is in flight. */
    record Round(long number, List<GroupTerm> terms, List<ReadIndexBatch> reads, long sinceNanos) {}

    void add(ReadIndexBatch reads) {
        next.removeIf(ReadIndexBatch::isOver);
        next.add(reads);
    }

    /** The next question, if none is in flight and reads are waiting. */
    @Nullable
    Round take(long nowNanos) {
        next.removeIf(ReadIndexBatch::isOver);
        if (inFlight != null || next.isEmpty()) {
            return null;
        }
        var terms = new LinkedHashSet<GroupTerm>();
        for (ReadIndexBatch reads : next) {
            reads.markSent();
            terms.add(reads.asked());
        }
        inFlight = new Round(++asked, List.copyOf(terms), List.copyOf(next), nowNanos);
        next.clear();
        return inFlight;
    }

    /** The question has an answer, or will have none; false if it had been given up. */
    boolean end(Round round) {
        if (inFlight == null || inFlight.number() != round.number()) {
            return false;
        }
        inFlight = null;
        return true;
    }

    /** Puts a batch of reads back, to be confirmed by a later question. */
    void postpone(ReadIndexBatch reads) {
        again.add(reads);
    }

    /**
     * Asks again for the batches that were put back, and gives up a question that has had no answer since {@code
     * longAgoNanos}.
     */
    void tick(long longAgoNanos) {
        if (inFlight != null && inFlight.sinceNanos() - longAgoNanos < 0) {
            again.addAll(inFlight.reads());
            inFlight = null;
        }
        next.addAll(again);
        again.clear();
    }
}
