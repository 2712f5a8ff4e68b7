package dev.lockstep.cli;

import dev.lockstep.cli.BackupFolder.Manifest;
import dev.lockstep.cli.BackupFolder.Part;
import dev.lockstep.cluster.checkpoint.CheckpointId;
import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointWriter;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.cluster.shard.CheckpointEntries;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ShardMap;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * Writes what a running cluster has into a folder. Each shard is as it was at one position of its log, which has every write that
 * was acknowledged before the backup began; of later ones it may have some.
 */
@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        description = "Writes the entries of a running cluster into a folder.")
final class BackupCommand implements Callable<Integer> {

    /** The deadline for a shard's checkpoint. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Parameters(paramLabel = "<folder>", description = "An empty folder, or one that does not exist.")
    private Path folder = Path.of("");

    @Override
    public Integer call() {
        return options.run(this::backUp);
    }

    private ClusterOptions.Report backUp(Session session) throws IOException {
        BackupFolder backup = BackupFolder.create(folder);
        String taken = Instant.ofEpochMilli(Time.system().millis()).toString();
        List<Part> parts = new ArrayList<>();
        long entries = 0;
        long[] sinces = new long[session.shards()];
        for (int shard = 0; shard < sinces.length; shard++) {
            sinces[shard] = ClusterOptions.join(session.fetchCheckpoint(shard, 0, 0, 0, 0))
                    .since();
        }
        for (int shard = 0; shard < sinces.length; shard++) {
            String name = BackupFolder.shard(shard);
            CheckpointId id = fetch(session, shard, sinces[shard], backup);
            AtomicLong count = new AtomicLong();
            Part part = backup.finish(
                    name, id.position(), new CheckpointEntries((cache, key, entry) -> count.incrementAndGet()));
            parts.add(part);
            entries += count.get();
            options.progress("shard %d of %d: position %,d, %,d entries, %,d bytes"
                    .formatted(shard + 1, sinces.length, part.position(), count.get(), part.bytes()));
        }
        parts.add(caches(session, backup));
        backup.seal(new Manifest(options.cluster(), taken, parts));
        long bytes = parts.stream().mapToLong(Part::bytes).sum();
        return new ClusterOptions.Report(
                "backup of %d shards: entries=%d bytes=%d folder=%s".formatted(sinces.length, entries, bytes, folder),
                Json.object(
                        "shards",
                        sinces.length,
                        "entries",
                        entries,
                        "bytes",
                        bytes,
                        "positions",
                        parts.stream().limit(sinces.length).map(Part::position).toList()));
    }

    /**
     * Writes the caches, after the shards: those that were destroyed meanwhile are left out, whatever of them is in
     * the shards.
     */
    private static Part caches(Session session, BackupFolder backup) throws IOException {
        var caches = ClusterOptions.join(session.caches());
        try (OutputStream out = backup.create(BackupFolder.CACHES)) {
            CheckpointWriter.write(
                    out,
                    new CheckpointId(ShardMap.CONTROL_GROUP, 0, 0),
                    record -> caches.forEach(info -> {
                        WireWriter bytes = new WireWriter(256);
                        ValueCodec.cacheInfo(bytes, info);
                        record.accept(bytes.toByteArray());
                    }));
        }
        return backup.finish(BackupFolder.CACHES, 0, record -> {});
    }

    /** Piece by piece; from the beginning when another leader gives another checkpoint. */
    private static CheckpointId fetch(Session session, int shard, long since, BackupFolder backup) throws IOException {
        CheckpointPiece piece = piece(session, shard, since, null, 0);
        CheckpointId id = piece.id();
        long have = 0;
        while (true) {
            if (!piece.id().equals(id)) {
                id = piece.id();
                have = 0;
            }
            if (piece.offset() != have || piece.bytes().size() == 0) {
                throw new IOException("Shard " + shard + " gave another piece of its checkpoint than was asked for");
            }
            backup.write(BackupFolder.shard(shard), have, piece.bytes().array());
            have += piece.bytes().size();
            if (have >= piece.size()) {
                return id;
            }
            piece = piece(session, shard, since, id, have);
        }
    }

    private static CheckpointPiece piece(Session session, int shard, long since, @Nullable CheckpointId id, long have) {
        long until = Time.system().nanos() + PATIENCE.toNanos();
        while (true) {
            try {
                Reply.Checkpoint reply = ClusterOptions.join(session.fetchCheckpoint(
                        shard, since, id == null ? 0 : id.term(), id == null ? 0 : id.position(), have));
                return CheckpointPiece.decode(reply.piece());
            } catch (RequestFailedException refused) {
                if (refused.status() != Status.BUSY || Time.system().nanos() - until > 0) {
                    throw refused;
                }
            }
        }
    }
}
