package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What a replica of a simulated log has written down, and how much of it would outlast a power cut. */
final class SimulatedDisk {

    private final List<Entry> entries = new ArrayList<>();
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

    /** Position of the last entry; 0 when there is none. */
    long last() {
        return entries.size();
    }

    Entry entry(long position) {
        return entries.get((int) position - 1);
    }

    /** The term of an entry; 0 where there is none. */
    long termAt(long position) {
        return position < 1 || position > entries.size() ? 0 : entry(position).term();
    }

    List<Entry> after(long position, int limit) {
        return List.copyOf(entries.subList((int) position, (int) Math.min(position + limit, entries.size())));
    }

    void append(Entry entry) {
        entries.add(entry);
    }

    /** Forgets all after a position. */
    void cut(long position) {
        entries.subList((int) position, entries.size()).clear();
        synced = Math.min(synced, position);
        cuts++;
    }

    /** How often something was forgotten: what was to be synced before may be something else now. */
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
