package dev.lockstep.cli;

import dev.lockstep.cli.BackupFolder.Manifest;
import dev.lockstep.cli.BackupFolder.Part;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.cluster.shard.CheckpointEntries;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * Loads a backup into a cluster that has no caches, whatever its nodes and shards. Everything is read and verified before
 * anything is changed. Entries keep the moment at which they expire; those that have expired meanwhile are left out.
 */
@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        description = "Loads a backup into a cluster without caches, with any number of nodes and shards.")
final class RestoreCommand implements Callable<Integer> {

    private static final int MAX_ENTRIES = 1_000;
    private static final long MAX_BYTES = 1 << 20;

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Parameters(paramLabel = "<folder>", description = "A folder that \"backup\" has written.")
    private Path folder = Path.of("");

    /** Writes entries in batches. A key that comes twice is written once. */
    private static final class Loading {
        private final Session session;
        private final Map<Integer, Integer> caches;
        private final Map<Integer, Map<Bytes, Mutation>> waiting = new HashMap<>();
        private long waitingBytes;
        private int waitingEntries;
        private long loaded;
        private long expired;

        Loading(Session session, Map<Integer, Integer> caches) {
            this.session = session;
            this.caches = caches;
        }

        void entry(int cacheId, Bytes key, StoredEntry entry) {
            Integer cache = caches.get(cacheId);
            if (cache == null) {
                return; // destroyed while the backup was taken
            }
            long left = entry.deadlineMillis() - Time.system().millis();
            if (left <= 0) {
                expired++;
                return;
            }
            Lifetime lifetime = entry.deadlineMillis() == Long.MAX_VALUE ? Lifetime.ETERNAL : new Lifetime(left);
            waiting.computeIfAbsent(cache, none -> new LinkedHashMap<>())
                    .put(key, Mutation.put(key, entry.value(), Condition.ANY).living(lifetime));
            waitingEntries++;
            waitingBytes += key.size() + entry.value().size();
            if (waitingEntries >= MAX_ENTRIES || waitingBytes >= MAX_BYTES) {
                flush();
            }
        }

        void flush() {
            waiting.forEach((cache, mutations) -> {
                ClusterOptions.join(session.writeAll(cache, mutations.values()));
                loaded += mutations.size();
            });
            waiting.clear();
            waitingEntries = 0;
            waitingBytes = 0;
        }
    }

    @Override
    public Integer call() {
        return options.run(this::restore);
    }

    private ClusterOptions.Report restore(Session session) throws IOException {
        BackupFolder backup = BackupFolder.open(folder);
        Manifest manifest = backup.verified();
        List<CacheInfo> there = ClusterOptions.join(session.caches());
        if (!there.isEmpty()) {
            throw new RefusedException("The cluster has caches already ("
                    + there.stream().map(info -> info.definition().name()).collect(Collectors.joining(", "))
                    + "). Restore into a fresh cluster, or destroy them first");
        }
        options.progress("the backup of cluster %s, taken %s, is whole: %d shards"
                .formatted(
                        manifest.cluster(), manifest.taken(), manifest.shards().size()));
        Map<Integer, Integer> caches = new HashMap<>();
        Loading loading = new Loading(session, caches);
        try {
            load(session, backup, manifest, loading);
        } catch (RequestFailedException failure) {
            throw new IOException(
                    failure.getMessage() + ". " + caches.size() + " caches and " + loading.loaded
                            + " entries were restored before that: destroy those caches, and restore again",
                    failure);
        }
        return new ClusterOptions.Report(
                "restored: caches=%d entries=%d expired=%d".formatted(caches.size(), loading.loaded, loading.expired),
                Json.object("caches", caches.size(), "entries", loading.loaded, "expired", loading.expired));
    }

    private void load(Session session, BackupFolder backup, Manifest manifest, Loading loading) throws IOException {
        backup.read(BackupFolder.CACHES, record -> {
            CacheInfo was = ValueCodec.cacheInfo(new WireReader(record));
            loading.caches.put(
                    was.id(),
                    ClusterOptions.join(session.createCache(was.definition())).id());
        });
        int done = 0;
        for (Part part : manifest.shards()) {
            backup.read(part.name(), new CheckpointEntries(loading::entry));
            loading.flush();
            done++;
            options.progress("%d of %d shards of the backup, %,d entries"
                    .formatted(done, manifest.shards().size(), loading.loaded));
        }
    }
}
