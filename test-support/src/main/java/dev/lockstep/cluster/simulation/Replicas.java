package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.machine.Applied;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.machine.ShardMachine;
import dev.lockstep.cluster.shard.ReplicaProbe;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.RequestId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The invariants of all replicas after each entry: the same entry at the same position, the same answer, the same
 * checksum; and the first answer again for each request that comes again. Positions are gone through one after the
 * other, but for those that a checkpoint is in the place of. The first replica that applies a position is compared with
 * a machine kept here, the others with what the first did. Of layouts there is one of each version, and no node goes back to an earlier
 * one: so a slot has one owner by each version of the map.
 */
final class Replicas implements SimulatedRaft.Observer {

    /**
     * Monotonic clocks that drift by a hundredth may go by themselves for ten seconds, with no member heard, or none
     * that can be believed.
     */
    static final long DRIFTED_MILLIS = 100;
    /**
     * A time that is heard was read at most half a second before: what the clocks say when a log begins, and what a replica adopts from
     * another after a start, which may have adopted it itself. So many in a row are allowed for; a twentieth of what passes makes up for it.
     */
    private static final long HEARD_LATE_MILLIS = 4 * 500 + 100;
    /**
     * Replicas that all have started, and can't tell which of two clocks is wrong, go on where their log was: it may have had no entry while
     * the network was cut (2.5 s), nor while they were down (1.5 s).
     */
    private static final long UNCOUNTED_MILLIS = 4_000 + HEARD_LATE_MILLIS;

    private final World world;
    private final long mostAheadMillis;
    private final long mostBehindMillis;
    private final Map<Integer, Reference> groups = new HashMap<>();
    private final Map<Long, Layout> layouts = new HashMap<>();
    /** The version that each node has followed last; it keeps it on its disk. */
    private final Map<NodeId, Long> followed = new HashMap<>();

    private long behindMillis;

    /**
     * @param skewMillis by which the clocks of all nodes but a minority are wrong at most
     * @param wildClocks whether one may be wrong by any time, and monotonic ones drift
     */
    Replicas(World world, long skewMillis, boolean wildClocks) {
        this.world = world;
        this.mostAheadMillis = skewMillis + (wildClocks ? DRIFTED_MILLIS : 0);
        this.mostBehindMillis = skewMillis + (wildClocks ? UNCOUNTED_MILLIS : HEARD_LATE_MILLIS);
    }

    /** The most by which an entry's stamp was behind the right time. */
    long behindMillis() {
        return behindMillis;
    }

    /** @param checksum 0 for the control group */
    private record Step(byte[] entry, Object answer, long checksum) {}

    /** One group, as it must be everywhere. */
    private static final class Reference {
        private final ShardMachine machine = new ShardMachine(new HeapStore());
        private final NavigableMap<Long, Step> steps = new TreeMap<>();
        private final NavigableMap<Long, List<CacheChange>> changes = new TreeMap<>();
        private final Map<RequestId, Outcome> answers = new HashMap<>();
        /** The last position of each replica. */
        private final Map<NodeId, Long> reached = new HashMap<>();

        private long logTimeMillis;
    }

    @Override
    public void proposed(int group, NodeId node, byte[] entry) {
        if (group == ShardMap.CONTROL_GROUP) {
            return;
        }
        Reference reference = groups.computeIfAbsent(group, none -> new Reference());
        long right = SimulatedProcess.EPOCH_MILLIS + TimeUnit.NANOSECONDS.toMillis(world.nanos());
        long stamp = Math.max(BatchCodec.decode(entry).stampMillis(), reference.logTimeMillis);
        behindMillis = Math.max(behindMillis, right - stamp);
        if (stamp > right + mostAheadMillis || stamp < right - mostBehindMillis) {
            world.fail(
                    (stamp - right) + " ms is the time of shard " + group + " off, as " + node + " proposes an entry",
                    null);
        }
    }

    @Override
    public void applied(int group, NodeId node, long position, byte[] entry, Object answer, LogMachine<?, ?> machine) {
        Reference reference = groups.computeIfAbsent(group, none -> new Reference());
        long checksum = checksum(group, machine);
        Step step = reference.steps.get(position);
        if (step == null) {
            if (!reference.steps.isEmpty() && reference.steps.lastKey() > position) {
                world.fail(where(group, node, position) + ": others went past it without an entry", null);
                return;
            }
            if (group != ShardMap.CONTROL_GROUP) {
                first(reference, group, node, position, entry, answer, checksum);
            }
            step = new Step(entry, answer, checksum);
            reference.steps.put(position, step);
            world.mix(position * 31 + checksum);
        }
        long before = reference.reached.put(node, position);
        if (position <= before
                || !reference.steps.subMap(before, false, position, false).isEmpty()) {
            world.fail(where(group, node, position) + ": comes after " + before + ", and not so elsewhere", null);
        }
        if (!Arrays.equals(step.entry(), entry)) {
            world.fail(where(group, node, position) + ": another entry than elsewhere", null);
        } else if (!step.answer().equals(answer)) {
            world.fail(where(group, node, position) + ": answers " + answer + ", elsewhere " + step.answer(), null);
        } else if (step.checksum() != checksum) {
            world.fail(where(group, node, position) + ": another checksum than elsewhere", null);
        }
    }

    private void first(
            Reference reference, int group, NodeId node, long position, byte[] entry, Object answer, long checksum) {
        Batch batch = BatchCodec.decode(entry);
        Applied expected = reference.machine.apply(position, batch);
        reference.changes.put(position, expected.changes());
        if (reference.machine.logTimeMillis() < reference.logTimeMillis) {
            world.fail(where(group, node, position) + ": the log's time goes back", null);
        }
        reference.logTimeMillis = reference.machine.logTimeMillis();
        if (!expected.outcomes().equals(answer) || reference.machine.checksum() != checksum) {
            world.fail(
                    where(group, node, position) + ": answers " + answer + " and not " + expected.outcomes()
                            + ", or another checksum",
                    null);
        }
        for (int i = 0; i < batch.commands().size(); i++) {
            if (batch.commands().get(i) instanceof Command.Write write
                    && expected.outcomes().get(i) instanceof Outcome.Written written) {
                Outcome before = reference.answers.putIfAbsent(named(write.id()), written);
                if (before != null && !before.equals(written)) {
                    world.fail(
                            where(group, node, position) + ": " + write.id() + " was answered " + before + ", now "
                                    + written,
                            null);
                }
            }
        }
        world.trace(() -> where(group, node, position) + " applied first: " + batch.commands() + " → " + answer);
    }

    /** A request's name without what its client has completed, which rises from one attempt to the next. */
    private static RequestId named(RequestId id) {
        return new RequestId(id.sessionHigh(), id.sessionLow(), id.sequence(), 0);
    }

    private static String where(int group, NodeId node, long position) {
        return (group == ShardMap.CONTROL_GROUP ? "control" : "shard " + group) + " on " + node + " at " + position;
    }

    @Override
    public void opened(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        Reference reference = groups.computeIfAbsent(group, none -> new Reference());
        reference.reached.put(node, position);
        if (position > 0) {
            demandChecksum(reference, group, node, position, machine);
        }
    }

    @Override
    public void installed(int group, NodeId node, long position, LogMachine<?, ?> machine) {
        Reference reference = groups.computeIfAbsent(group, none -> new Reference());
        long before = reference.reached.put(node, position);
        if (position <= before) {
            world.fail(where(group, node, position) + ": a checkpoint takes it back from " + before, null);
        }
        demandChecksum(reference, group, node, position, machine);
    }

    private void demandChecksum(Reference reference, int group, NodeId node, long position, LogMachine<?, ?> machine) {
        Step step = reference.steps.get(position);
        long checksum = checksum(group, machine);
        world.mix(position * 31 + checksum);
        if (step == null) {
            world.fail(where(group, node, position) + ": a checkpoint of what no replica has applied", null);
        } else if (step.checksum() != checksum) {
            world.fail(where(group, node, position) + ": a checkpoint with another checksum than elsewhere", null);
        }
    }

    private static long checksum(int group, LogMachine<?, ?> machine) {
        return group == ShardMap.CONTROL_GROUP ? 0 : ReplicaProbe.checksum(machine);
    }

    @Override
    public void failed(int group, NodeId node, Exception failure) {
        world.fail((group < 0 ? "control" : "shard " + group) + " on " + node + " has failed", failure);
    }

    @Override
    public void learnt(NodeId node, Layout layout) {
        Layout same = layouts.putIfAbsent(layout.version(), layout);
        if (same != null && !same.equals(layout)) {
            world.fail(node + " follows " + layout + ", and others follow " + same, null);
        }
        Long before = followed.put(node, layout.version());
        if (before != null && before >= layout.version()) {
            world.fail(node + " goes back from layout " + before + " to " + layout.version(), null);
        }
    }

    /** The newest layout that a node has followed; null if there is none. */
    @Nullable
    Layout newestLayout() {
        return layouts.values().stream()
                .max(Comparator.comparingLong(Layout::version))
                .orElse(null);
    }

    /** The changes of a cache in a shard after a position, up to another. */
    List<CacheChange> changes(int shard, int cacheId, long after, long upTo) {
        List<CacheChange> all = new ArrayList<>();
        Reference reference = groups.get(shard);
        if (reference != null) {
            reference
                    .changes
                    .subMap(after, false, upTo, true)
                    .values()
                    .forEach(some -> some.stream()
                            .filter(change -> change.cacheId() == cacheId)
                            .forEach(all::add));
        }
        return all;
    }

    /** The last position that was applied anywhere; 0 for none. */
    long last(int group) {
        @Nullable Reference reference = groups.get(group);
        return reference == null || reference.steps.isEmpty() ? 0 : reference.steps.lastKey();
    }
}
