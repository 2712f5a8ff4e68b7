package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.machine.CacheChange;
import dev.lockstep.protocol.session.ChangeListener;
import dev.lockstep.protocol.wire.EntryChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Records the changes that a subscriber of a cache receives, to compare them with those that happened. */
final class RecordingSubscriber implements ChangeListener {

    private final World world;
    private final String name;
    private final int cacheId;
    private final Map<Integer, Heard> shards = new TreeMap<>();

    RecordingSubscriber(World world, String name, int cacheId) {
        this.world = world;
        this.name = name;
        this.cacheId = cacheId;
    }

    /** The changes of one shard since the last gap. */
    private static final class Heard {
        private long from = -1;
        private long upTo;
        private final List<EntryChange> changes = new ArrayList<>();
    }

    @Override
    public void changes(int shard, long position, List<EntryChange> changes) {
        Heard heard = shards.computeIfAbsent(shard, none -> new Heard());
        if (heard.from < 0) {
            heard.from = position;
        }
        if (position < heard.upTo) {
            world.fail(name + " hears shard " + shard + " go back from " + heard.upTo + " to " + position, null);
        }
        heard.upTo = position;
        heard.changes.addAll(changes);
    }

    @Override
    public void gap(int shard) {
        shards.remove(shard);
    }

    /** Tells whether it has received all changes so far. */
    boolean isCurrent(Replicas replicas) {
        return shards.entrySet().stream()
                .allMatch(entry -> entry.getValue().changes.size()
                        >= expected(replicas, entry.getKey(), entry.getValue()).size());
    }

    private List<EntryChange> expected(Replicas replicas, int shard, Heard heard) {
        return replicas.changes(shard, cacheId, heard.from, replicas.last(shard)).stream()
                .map(CacheChange::change)
                .toList();
    }

    /** Checks that everything arrived once and in order, from the start of the subscription on. */
    void check(Replicas replicas) {
        shards.forEach((shard, heard) -> {
            List<EntryChange> expected = expected(replicas, shard, heard);
            if (!expected.equals(heard.changes)) {
                world.fail(
                        name + " heard of shard " + shard + " after " + heard.from + "\n  " + heard.changes
                                + "\n  but there was\n  " + expected,
                        null);
            }
        });
    }

    @Override
    public String toString() {
        return name + "'s listener";
    }
}
