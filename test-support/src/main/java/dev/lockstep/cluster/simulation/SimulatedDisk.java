package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a replica of a simulated log, and the part of them that would survive a power cut. The beginning of the
 * log may be gone, where a checkpoint has taken its place: asking for it is an error.
 */
final class SimulatedDisk {

    private final List<Entry> entries = new ArrayList<>();
    private long purged;
    private long termOfPurged;
    private long term;
    private @Nullable NodeId vote;
    private long synced;
    private long cuts;

    /** @param bytes null for an entry of the log's own */
    record Entry(long term, byte @Nullable [] bytes) {}

    long term() {
        return term;
    }

    @Nullable
    NodeId vote() {
        return vote;
    }

    /** Term and vote are on the disk before anything else happens. */
    void term(long newTerm, @Nullable NodeId newVote) {
        term = newTerm;
        vote = newVote;
    }

    /** Position of the last entry, there or purged; 0 when there was none. */
    long last() {
        return purged + entries.size();
    }

    /** Up to here the entries are gone; 0 when all are there. */
    long purged() {
        return purged;
    }

    Entry entry(long position) {
        if (position <= purged || position > last()) {
            throw new IllegalStateException(
                    "There is no entry " + position + " in a log of those from " + (purged + 1) + " to " + last());
        }
        return entries.get((int) (position - purged) - 1);
    }

    /** The term of an entry, or of the last that is purged; 0 after the last. */
    long termAt(long position) {
        if (position == purged) {
            return termOfPurged;
        }
        return position > last() ? 0 : entry(position).term();
    }

    List<Entry> after(long position, int limit) {
        long to = Math.min(position + limit, last());
        return position >= to ? List.of() : List.copyOf(entries.subList(index(position), index(to)));
    }

    private int index(long position) {
        if (position < purged) {
            throw new IllegalStateException("The log begins after " + purged + ", and not after " + position);
        }
        return (int) (position - purged);
    }

    void append(Entry entry) {
        entries.add(entry);
    }

    /** Forgets all after a position. */
    void cut(long position) {
        entries.subList(index(position), entries.size()).clear();
        synced = Math.min(synced, position);
        cuts++;
    }

    /** Forgets all up to a position, of which there is a checkpoint on the disk. */
    void purge(long position) {
        if (position > purged) {
            long lastTerm = termAt(position);
            entries.subList(0, index(position)).clear();
            purged = position;
            termOfPurged = lastTerm;
            synced = Math.max(synced, position);
        }
    }

    /** Drops everything, and starts again behind a checkpoint that is on the disk. */
    void begin(long position, long termThere) {
        entries.clear();
        purged = position;
        termOfPurged = termThere;
        synced = position;
        cuts++;
    }

    /** Counts the power cuts that lost something: what was to be synced before may be something else now. */
    long cuts() {
        return cuts;
    }

    void synced(long position) {
        synced = Math.max(synced, position);
    }

    long synced() {
        return synced;
    }

    void loseUnsynced(SplittableRandom random) {
        if (synced < last()) {
            cut(random.nextLong(synced, last() + 1));
        }
        synced = last();
    }
}
