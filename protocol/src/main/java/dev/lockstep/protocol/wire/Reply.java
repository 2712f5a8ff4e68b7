package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Everything that a node can answer. Immutable. */
public sealed interface Reply {

    /**
     * The reply to a request that was not carried out, or not known to be.
     *
     * @param message what happened, to what, and what to do
     * @param retryAfterMillis with a transient status, how long to wait first; 0 for not at all
     * @param leader the member believed to lead the shard
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

    /** The reply to a request that was carried out, without a result. */
    record Done() implements Reply {}

    /**
     * The connection is open.
     *
     * @param proof that the node has what the password is verified by (SCRAM, server-final); null without a log-in
     */
    record Welcome(
            int version,
            String cluster,
            NodeId node,
            int maxFrameBytes,
            @Nullable Bytes proof) implements Reply {

        /** Without a log-in. */
        public Welcome(int version, String cluster, NodeId node, int maxFrameBytes) {
            this(version, cluster, node, maxFrameBytes, null);
        }
    }

    /**
     * The log-in goes on with {@link Request.Authenticate}.
     *
     * @param mechanism its SASL name
     * @param message of the log-in (SCRAM, server-first)
     */
    record Challenge(String mechanism, Bytes message) implements Reply {}

    record Cluster(ClusterView view) implements Reply {}

    /** @param highestId the highest id that any cache was ever given */
    record Caches(List<CacheInfo> caches, int highestId) implements Reply {}

    /** The node that is drained, if any. */
    record Drained(DrainedNode drained) implements Reply {}

    /** The users and roles, without passwords. */
    record Access(AccessRules rules) implements Reply {}

    /**
     * @param software the version of Lockstep that the node runs
     * @param able the cluster versions that it can do
     */
    record Versions(String software, ClusterVersion.Range able) implements Reply {}

    /**
     * The facts that a node knows of itself.
     *
     * @param facts with the names of {@link NodeFact}s, and others that a later version may have
     * @param sampled requests of the last minute whose keys were looked at, one in many
     * @param busiest the keys that were seen most often among them, most often first
     */
    record NodeFacts(List<Fact> facts, int sampled, List<BusyKey> busiest) implements Reply {

        /** A fact by its name. */
        public record Fact(String name, String value) {}

        /** A key that requests were about. */
        public record BusyKey(int cacheId, Bytes key, int seen) {}

        /** Returns the value of a fact; null if the node does not tell it. */
        public @Nullable String value(NodeFact wanted) {
            return facts.stream()
                    .filter(fact -> fact.name().equals(wanted.word()))
                    .map(Fact::value)
                    .findFirst()
                    .orElse(null);
        }
    }

    /** A text, of which the request says what it tells. */
    record Text(String text) implements Reply {}

    /**
     * A part of a recording.
     *
     * @param total length of the recording, in bytes
     * @param piece from the offset that was asked for; empty at the end
     */
    record RecordingPiece(long total, Bytes piece) implements Reply {}

    /**
     * The decisions of the control group, as far as the node knows.
     *
     * @param leader of the group, as far as the node knows
     * @param position of the last entry that has changed something; no higher than asked for if nothing has since
     * @param state null if nothing has
     */
    record ControlCopy(
            @Nullable NodeId leader,
            long position,
            @Nullable Bytes state) implements Reply {}

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

    /**
     * The subscription has begun.
     *
     * @param position after which the changes follow of caches whose changes were asked for from now on
     * @param unknown caches that were asked for and do not exist, or no longer
     */
    record Subscribed(long position, List<Integer> unknown) implements Reply {}

    /** Changes, encoded once however many connections they are sent to. */
    final class Changes implements Reply {

        private final long position;
        private final List<OfCache> caches;
        private final List<Missed> missed;
        private volatile byte @Nullable [] encoded;

        /** The changes of one cache, in order; those of one version are never parted. */
        public record OfCache(int cacheId, List<EntryChange> changes) {}

        /**
         * A cache of which changes can't be sent: they are no longer kept, or too large for a frame.
         *
         * @param version of the last of them, or above it
         */
        public record Missed(int cacheId, long version) {}

        /** @param position all changes up to here, inclusive, have now been sent, but for those missed */
        public Changes(long position, List<OfCache> caches, List<Missed> missed) {
            this.position = position;
            this.caches = caches;
            this.missed = missed;
        }

        public long position() {
            return position;
        }

        public List<OfCache> caches() {
            return caches;
        }

        public List<Missed> missed() {
            return missed;
        }

        /** Returns these changes as missed, to be sent in their place if they are too large for a frame. */
        public Changes asMissed() {
            List<Missed> all = new ArrayList<>(missed);
            for (OfCache one : caches) {
                if (!one.changes().isEmpty()) {
                    EntryChange last = one.changes().get(one.changes().size() - 1);
                    all.add(new Missed(one.cacheId(), last.version()));
                }
            }
            return new Changes(position, List.of(), all);
        }

        /** Returns the bytes that follow the tag in a frame; not to be changed. */
        byte[] encoded() {
            byte[] known = encoded;
            if (known == null) {
                WireWriter out = new WireWriter(256).varint(position);
                out.list(caches, (o, one) -> o.varint(one.cacheId()).list(one.changes(), ValueCodec::change));
                out.list(missed, (o, one) -> o.varint(one.cacheId()).varint(one.version()));
                known = out.toByteArray();
                encoded = known;
            }
            return known;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Changes same
                    && position == same.position
                    && caches.equals(same.caches)
                    && missed.equals(same.missed);
        }

        @Override
        public int hashCode() {
            return Objects.hash(position, caches, missed);
        }

        @Override
        public String toString() {
            return "Changes[position=" + position + ", caches=" + caches + ", missed=" + missed + "]";
        }
    }

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

    /**
     * @param used bytes that entries take in the node's memory
     * @param budget bytes that they may take
     */
    record Memory(long used, long budget) implements Reply {}

    /** The answer of a node's replicated logs to {@link Request.ToLog}. */
    record FromLog(Bytes message) implements Reply {}
}
