package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything that a node can answer. Immutable. */
public sealed interface Reply {

    /**
     * It was not done, or not known to be done.
     *
     * @param message what happened, to what, and what to do
     * @param retryAfterMillis with a transient status, how long to wait first; 0 for not at all
     * @param leader who is believed to lead the shard
     */
    record Refused(
            Status status,
            String message,
            long retryAfterMillis,
            @Nullable NodeId leader) implements Reply {

        public static Refused of(Status status, String message) {
            return new Refused(status, message, 0, null);
        }
    }

    /** It was done and there is nothing to say. */
    record Done() implements Reply {}

    /** The connection is open. */
    record Welcome(int version, String cluster, NodeId node, int maxFrameBytes) implements Reply {}

    record Cluster(ClusterView view) implements Reply {}

    /** @param highestId the highest id that any cache was ever given */
    record Caches(List<CacheInfo> caches, int highestId) implements Reply {}

    /** The request, and none before it, has created the cache. */
    record Created(CacheInfo cache) implements Reply {}

    /**
     * @param position applied when it was read; what the session has seen
     * @param judgedAtMillis time of the shard's log by which expiry was judged
     * @param lastVersion the shard's last version, for {@link Condition.AbsentSince}
     * @param entries null where there is none
     */
    record Entries(long position, long judgedAtMillis, long lastVersion, List<@Nullable EntryRead> entries)
            implements Reply {}

    /** @param complete whether there are no more keys after these */
    record Keys(long position, long judgedAtMillis, List<Bytes> keys, boolean complete) implements Reply {}

    record Count(long position, long judgedAtMillis, long count) implements Reply {}

    /**
     * @param position of the log entry
     * @param logTimeMillis the log's time there
     * @param results one for each mutation; for {@link Request.Clear} empty
     */
    record Written(long position, long logTimeMillis, List<MutationResult> results) implements Reply {}

    /**
     * The lease is yours.
     *
     * @param entry null when there is none
     */
    record Leased(
            long position,
            long judgedAtMillis,
            long lastVersion,
            @Nullable EntryRead entry) implements Reply {}

    /** @param held whether the condition held; true for {@link Condition#ANY} */
    record Released(long position, long judgedAtMillis, boolean held) implements Reply {}

    /** @param position from which on changes follow, exclusive */
    record Subscribed(long position) implements Reply {}

    /** Changes, encoded once however many connections they are sent to. */
    final class Changes implements Reply {

        private final long position;
        private final List<EntryChange> changes;
        private volatile byte @Nullable [] encoded;

        /** @param position all changes up to here, inclusive, have now been sent */
        public Changes(long position, List<EntryChange> changes) {
            this.position = position;
            this.changes = changes;
        }

        public long position() {
            return position;
        }

        public List<EntryChange> changes() {
            return changes;
        }

        /** Returns the bytes that follow the tag in a frame; not to be changed. */
        byte[] encoded() {
            byte[] known = encoded;
            if (known == null) {
                known = new WireWriter(256)
                        .varint(position)
                        .list(changes, ValueCodec::change)
                        .toByteArray();
                encoded = known;
            }
            return known;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Changes same && position == same.position && changes.equals(same.changes);
        }

        @Override
        public int hashCode() {
            return 31 * Long.hashCode(position) + changes.hashCode();
        }

        @Override
        public String toString() {
            return "Changes[position=" + position + ", changes=" + changes + "]";
        }
    }

    /**
     * The changes asked for are no longer kept, or could not be sent fast enough: the subscription has ended.
     *
     * @param oldestPosition the earliest {@code afterPosition} that this replica could serve
     */
    record Gap(long oldestPosition) implements Reply {}

    /** @param confirmed one for each term that was asked about */
    record TermsConfirmed(List<Boolean> confirmed) implements Reply {}

    /**
     * A piece of a checkpoint, or how far the shard is.
     *
     * @param since what the next {@link Request.FetchCheckpoint} has to ask for
     * @param piece the piece, with the checkpoint it is of, its offset, and the whole's size; empty in answer to the first question
     */
    record Checkpoint(long since, Bytes piece) implements Reply {}

    /** @param replicas that the node hosts */
    record Replicas(List<ReplicaStatus> replicas) implements Reply {}

    /**
     * @param millis the node's wall clock
     * @param logs those of its shards whose time it knows
     */
    record Clock(long millis, List<LogTime> logs) implements Reply {
        public record LogTime(int shard, long millis) {}
    }

    /** The answer of a node's replicated logs to {@link Request.ToLog}. */
    record FromLog(Bytes message) implements Reply {}
}
