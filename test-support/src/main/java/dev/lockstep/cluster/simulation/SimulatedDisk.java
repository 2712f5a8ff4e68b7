package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.topology.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a replica of a simulated log, and the part of them that would survive a power cut. The beginning of the
 * log may be gone, where a checkpoint has taken its place: asking for it is an error.
 */
final class SimulatedDisk {

    private final long floor;
    private final List<Entry> entries = new ArrayList<>();
    private final TreeMap<Long, Voters> changes = new TreeMap<>();
    private @Nullable Voters base;
    private long purged;
    private long termOfPurged;
    private long term;
    private @Nullable NodeId vote;
    private long synced;
    private long cuts;

    /**
     * @param bytes null for an entry of the log's own
     * @param voters from this entry on; null if it changes nothing about them
     */
    record Entry(
            long term, byte @Nullable [] bytes, @Nullable Voters voters) {

        Entry(long term, byte @Nullable [] bytes) {
            this(term, bytes, null);
        }
    }

    /**
     * The voters of a group.
     *
     * @param before those that have to agree too while they are being changed; empty otherwise
     */
    record Voters(Set<NodeId> now, Set<NodeId> before) {

        boolean isJoint() {
            return !before.isEmpty();
        }

        /** All of them, in order. */
        List<NodeId> all() {
            return Stream.concat(now.stream(), before.stream())
                    .distinct()
                    .sorted()
                    .toList();
        }

        boolean haveMajority(Set<NodeId> some) {
            return isMajority(now, some) && (!isJoint() || isMajority(before, some));
        }

        private static boolean isMajority(Set<NodeId> of, Set<NodeId> some) {
            return 2 * of.stream().filter(some::contains).count() > of.size();
        }

        /** The highest position that a majority has. */
        long decided(ToLongFunction<NodeId> position) {
            long decided = decided(now, position);
            return isJoint() ? Math.min(decided, decided(before, position)) : decided;
        }

        private static long decided(Set<NodeId> of, ToLongFunction<NodeId> position) {
            List<Long> positions =
                    of.stream().map(position::applyAsLong).sorted().toList();
            return positions.get((positions.size() - 1) / 2);
        }
    }

    /** @param floor the term of an earlier replica of the group that was deleted here; 0 for none */
    SimulatedDisk(long floor) {
        this.floor = floor;
        this.term = floor == 0 ? 0 : floor + 1;
    }

    /** Tells whether it has all that an earlier replica may have voted for or acknowledged. */
    boolean hasCaughtUp() {
        return floor == 0 || termAt(last()) > floor;
    }

    /** Begins with these voters, unless the log has any. */
    void form(Collection<NodeId> nodes) {
        if (base == null) {
            base = new Voters(new TreeSet<>(nodes), Set.of());
        }
    }

    /** Position of the last entry that changes the voters; 0 if it is purged, or there was none. */
    long lastChange() {
        return changes.isEmpty() ? 0 : changes.lastKey();
    }

    /** The voters by the last entry that says so. */
    Voters voters() {
        return votersAt(last());
    }

    /** The voters by the last entry that says so, up to a position that is not purged. */
    Voters votersAt(long position) {
        Map.Entry<Long, Voters> changed = changes.floorEntry(position);
        return changed == null ? Objects.requireNonNull(base) : changed.getValue();
    }

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
        if (entry.voters() != null) {
            changes.put(last(), entry.voters());
        }
    }

    /** Forgets all after a position. */
    void cut(long position) {
        entries.subList(index(position), entries.size()).clear();
        changes.tailMap(position, false).clear();
        synced = Math.min(synced, position);
        cuts++;
    }

    /** Forgets all up to a position, of which there is a checkpoint on the disk. */
    void purge(long position) {
        if (position > purged) {
            long lastTerm = termAt(position);
            entries.subList(0, index(position)).clear();
            base = votersAt(position);
            changes.headMap(position, true).clear();
            purged = position;
            termOfPurged = lastTerm;
            synced = Math.max(synced, position);
        }
    }

    /** Drops everything, and starts again behind a checkpoint that is on the disk, with voters that were committed. */
    void begin(long position, long termThere, Voters voters) {
        entries.clear();
        changes.clear();
        base = voters;
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
