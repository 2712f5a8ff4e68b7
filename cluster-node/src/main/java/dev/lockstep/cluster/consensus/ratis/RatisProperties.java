package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.runtime.HeapShare;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** Our settings in Ratis' words, and what we have learned about the rest of Ratis' settings. */
public final class RatisProperties {

    /** An upper bound of an entry's overhead in the log. */
    private static final int ENVELOPE = 4 << 10;

    private static final long SEGMENT_BYTES = 16 << 20;

    /** Of Ratis' own log, which has three segments of each group on the heap: those of eight groups take a fifth of a small one. */
    private static final long SEGMENT_ON_HEAP_BYTES = HeapShare.atMost(SEGMENT_BYTES, 128);

    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    private RatisProperties() {}

    static RaftProperties of(RatisSettings settings) {
        RaftProperties properties = new RaftProperties();
        rpc(properties, settings);
        log(properties, settings);
        // Acknowledged once written to the file, synced in the background; async-flush would lose the order of
        // failures.
        // Without either one thread writes what has come and syncs it together, then acknowledges: group commit.
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, settings.durability() == Durability.PROCESS);
        // Ratis asks which checkpoint there is, and cuts the log off behind it. When one is taken is our own affair.
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        int often = Math.max(1, settings.checkpointInterval().entries() / 16);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, often);
        RaftServerConfigKeys.Log.setPurgeGap(properties, often);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        // A follower that was away for a short time needs no checkpoint.
        RaftServerConfigKeys.Log.setPurgePreservationLogNum(
                properties, Math.min(2_048, settings.checkpointInterval().entries()));
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(properties, false);
        RaftServerConfigKeys.Snapshot.setTriggerWhenRemoveEnabled(properties, false);
        // A follower that is too far behind is told so, and fetches a checkpoint itself.
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, false);
        // The threads that answer appends, for each group: never more, and none of them is started and ended again and
        // again.
        RaftServerConfigKeys.ThreadPool.setServerCached(properties, false);
        RaftServerConfigKeys.ThreadPool.setServerSize(properties, 2);
        // Retries are told apart by our own sessions; a request here is never retried. What is kept for longer than a
        // young object lives, the garbage collector has to move.
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(100));
        RaftServerConfigKeys.setStagingCatchupGap(properties, 16);
        // A new voter that has not answered for so long is given up, and the change of voters with it; then it is begun
        // again.
        RaftServerConfigKeys.setStagingTimeout(properties, millis(30_000));
        // Ratis closes the whole server after a long pause of the JVM: we would rather have it back.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1, TimeUnit.HOURS));
        return properties;
    }

    private static void rpc(RaftProperties properties, RatisSettings settings) {
        TimeDuration shortest = millis(settings.electionTimeout().toMillis());
        TimeDuration longest = millis(2 * settings.electionTimeout().toMillis());
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, shortest);
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, longest);
        // A node that starts need not wait for long: if there is a leader, it or a replica that has heard it refuses
        // the
        // pre-vote.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
                properties, millis(settings.electionTimeout().toMillis() / 4));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
                properties, millis(settings.electionTimeout().toMillis() / 2));
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, longest);
        TimeDuration request = millis(3 * settings.electionTimeout().toMillis());
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, request);
    }

    private static void log(RaftProperties properties, RatisSettings settings) {
        SizeInBytes largest = SizeInBytes.valueOf(settings.maxEntryBytes() + ENVELOPE);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, largest);
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf(largest.getSize() + ENVELOPE));
        SizeInBytes queued = SizeInBytes.valueOf(Math.max(8L << 20, 2 * largest.getSize()));
        RaftServerConfigKeys.Log.setQueueByteLimit(properties, queued);
        // Twice what a leader may have in flight, in its largest appends: a thread that brings one never waits for the
        // disk.
        RaftServerConfigKeys.Log.setQueueElementLimit(properties, 16 << 10);
        RaftServerConfigKeys.Write.setByteLimit(properties, queued);
        // Zero would spin; the default delays whatever comes while a round is in flight.
        RaftServerConfigKeys.Log.Appender.setWaitTimeMin(properties, millis(1));
        // An entry of its own for each commit, so that followers learn of it: LinkAppender tells them.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        // Appends come in order, from one thread: composing them would only hand them to another.
        RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, false);
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
        long segment = settings.raftLog() == RaftLogKind.RATIS ? SEGMENT_ON_HEAP_BYTES : SEGMENT_BYTES;
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(segment));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(properties, SizeInBytes.valueOf(2 * segment));
    }

    /** Sets both folders, whose defaults are in the machine's temporary folder. */
    static void keepIn(RaftProperties properties, File groups, File removed) throws IOException {
        if (IN_MEMORY.contains(
                Files.getFileStore(removed.getParentFile().toPath()).type())) {
            // A sync costs nothing there; another thread for it would.
            RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, false);
        }
        RaftServerConfigKeys.setStorageDir(properties, List.of(groups));
        RaftServerConfigKeys.setRemovedGroupsDir(properties, removed);
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
