package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Everything that can be asked of a node. Immutable. The bytes are in {@code docs/protocol.md}. */
public sealed interface Request {

    /** The nodes that a request may be sent to. */
    enum Route {
        /** One node, chosen by the sender. */
        NODE,
        /** The leader of the control group. */
        CONTROL,
        /** The leader of the shard. */
        LEADER,
        /** Any replica of the shard. */
        ANY_REPLICA
    }

    /** Returns where the request is to be sent. */
    default Route route() {
        return Route.NODE;
    }

    /** Returns true if the request may change something, so that its outcome is unknown while it has no answer. */
    default boolean mutates() {
        return false;
    }

    /** Returns true if a retry may be refused for good because an earlier attempt was applied. */
    default boolean isRefusedOnceApplied() {
        return false;
    }

    /** Returns true if further replies follow the first under the same correlation id. */
    default boolean isStream() {
        return false;
    }

    /** Returns true if the answer may have to wait for other clients, longer than for a node that works. */
    default boolean waitsForOthers() {
        return false;
    }

    /**
     * Describes the request for messages: its kind, its keys, its cache, its shard.
     *
     * @param cacheName gives the name of a cache by its id, as it is to be written
     */
    default String describe(IntFunction<String> cacheName) {
        return getClass().getSimpleName();
    }

    /** Returns true if another node may {@linkplain PassOn pass the request on}. */
    default boolean mayBePassedOn() {
        return route() != Route.NODE;
    }

    /**
     * Returns the rights that a client needs for it. Those on caches are needed on each that it {@linkplain #cacheIds names}, or on all if
     * it names none.
     */
    Set<Right> rights();

    /** Returns the ids of the caches that it names. */
    default List<Integer> cacheIds() {
        return List.of();
    }

    /** Returns true if only nodes may send it to each other. */
    default boolean isForNodes() {
        return false;
    }

    /**
     * The first frame on a connection. Answered by {@link Reply.Welcome}, or by {@link Reply.Challenge} if there is a log-in.
     *
     * @param node the node that connects; null for an application
     * @param login the first message of the log-in of an application with a password (SCRAM, client-first); null for none
     */
    record Hello(
            int minVersion,
            int maxVersion,
            String cluster,
            @Nullable NodeIdentity node,
            @Nullable Bytes login) implements Request {

        /** Without a log-in. */
        public Hello(int minVersion, int maxVersion, String cluster, @Nullable NodeIdentity node) {
            this(minVersion, maxVersion, cluster, node, null);
        }

        @Override
        public Set<Right> rights() {
            return Set.of();
        }
    }

    /**
     * The answer to a {@link Reply.Challenge}. Answered by {@link Reply.Welcome}.
     *
     * @param message of the log-in (SCRAM, client-final)
     */
    record Authenticate(Bytes message) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }
    }

    /** Asks for the members of the cluster and the leaders of its shards. Answered by {@link Reply.Cluster}. */
    record DescribeCluster() implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /** Asks for all caches that exist, linearizably. Answered by {@link Reply.Caches}. */
    record ListCaches() implements ToControl {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }
    }

    /**
     * Attaches to the cache of that name if everything of it is so that is said here, or creates it. Answered by {@link
     * Reply.Caches} with that one, or refused with {@link Status#DEFINITION_DIFFERS}. If it would have to be created
     * and other caches have been created since, the answer has no cache, and the id to ask again with: so a copy that
     * arrives late, perhaps after the cache was destroyed, does nothing.
     *
     * @param highestId the highest id of a cache that the caller knows of; 0 for none
     * @param onlyExisting whether to attach only; refused with {@link Status#FORBIDDEN} if there is no such cache
     */
    record CreateCache(CacheProposal proposal, int highestId, boolean onlyExisting) implements ToControl {

        /** Attaches, or creates. */
        public CreateCache(CacheProposal proposal, int highestId) {
            this(proposal, highestId, false);
        }

        @Override
        public Set<Right> rights() {
            return Right.CREATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public String describe(IntFunction<String> cacheName) {
            return "CreateCache \"" + proposal.name() + "\"";
        }
    }

    /**
     * Changes the definition of a cache. Answered by {@link Reply.Caches} with it as it is then; refused with {@link
     * Status#DEFINITION_DIFFERS} if another client has changed it since the caller saw it: so a copy that arrives late
     * does nothing.
     *
     * @param revision of the definition that the caller has seen
     * @param expiry null for as it is
     * @param maxEntries null for as it is
     * @param maxBytes null for as it is
     * @param consistency null for as it is
     * @param entryProcessing null for as it is
     */
    record AlterCache(
            int cacheId,
            int revision,
            @Nullable ExpiryRule expiry,
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Consistency consistency,
            @Nullable EntryProcessing entryProcessing)
            implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.CREATE.only();
        }

        @Override
        public List<Integer> cacheIds() {
            return List.of(cacheId);
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean isRefusedOnceApplied() {
            return true;
        }

        @Override
        public String describe(IntFunction<String> cacheName) {
            return "AlterCache " + cacheName.apply(cacheId);
        }
    }

    /**
     * Ends a cache and all its entries. Answered by {@link Reply.Done}; idempotent, since an id is never used again.
     */
    record DestroyCache(int cacheId) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.DESTROY.only();
        }

        @Override
        public List<Integer> cacheIds() {
            return List.of(cacheId);
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public String describe(IntFunction<String> cacheName) {
            return "DestroyCache " + cacheName.apply(cacheId);
        }
    }

    /**
     * Makes a node a member, or keeps one that is leaving, or changes the address or zone of one. Answered by {@link Reply.Done} once it
     * is decided; what is to be hosted there comes about later. Refused with {@link Status#INVALID} if another member has the address.
     *
     * @param zone the nodes that fail together, such as those of a rack; null for the one that it has, or none
     */
    record AddNode(Member member, @Nullable String zone) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /**
     * Has a node leave the cluster: all that it hosts is moved to others, and then it is a member no more. Answered by {@link
     * Reply.Done} once it is decided. Refused with {@link Status#INVALID} if there is no such member, or it is the last.
     */
    record RemoveNode(NodeId node) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /**
     * Has a shard hosted by one node instead of another. Answered by {@link Reply.Done} once it is decided. Refused with {@link
     * Status#INVALID} if {@code from} does not host it, {@code to} does or is no member, and while the shard is being moved.
     */
    record MoveReplica(int shard, NodeId from, NodeId to) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /**
     * Between nodes: the voters of a group are the nodes that are to host it. Answered by {@link Reply.Done}, also if another move was
     * decided meanwhile.
     *
     * @param group number of the shard; -1 for the control group
     * @param since see {@link dev.lockstep.protocol.topology.Layout.Move}
     */
    record ReplicasMoved(int group, long since) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean mayBePassedOn() {
            return false;
        }
    }

    /**
     * Between nodes: open an empty replica of a group that is to be hosted by you, to be staged by the group's leader. Answered by
     * {@link Reply.Done} once it is open; refused with {@link Status#BUSY} until then, and as long as the receiver does not know that it
     * is to host the group.
     *
     * @param group number of the shard; -1 for the control group
     * @param voters of the group at present, the receiver not among them
     */
    record OpenReplica(int group, List<NodeId> voters) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }
    }

    /**
     * Between nodes: what has the control group decided, as far as you know? Answered by {@link Reply.ControlCopy}.
     *
     * @param since the position of what the asker knows; 0 for nothing
     */
    record CopyControl(long since) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }
    }

    /** Asks which node is drained, linearizably. Answered by {@link Reply.Drained}. */
    record DescribeDrained() implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.MONITOR.only();
        }
    }

    /**
     * Drains a node, or ends that. Answered by {@link Reply.Drained} as it is then; refused with {@link Status#INVALID} if another node
     * is drained, or if something has changed since the caller saw it: so a copy that arrives late does nothing.
     *
     * @param node null to have none drained
     * @param revision of what the caller has seen
     */
    record DrainNode(@Nullable NodeId node, int revision) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean isRefusedOnceApplied() {
            return true;
        }
    }

    /** Asks a node which version of Lockstep it runs, and which versions of a cluster it can do. Answered by {@link Reply.Versions}. */
    record DescribeVersions() implements Request {

        @Override
        public Set<Right> rights() {
            return Right.MONITOR.only();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Asks a node what it knows of itself and of what it runs on. Answered by {@link Reply.NodeFacts}, within two seconds.
     *
     * @param triesDisk whether it is also to try its disk, by a few small writes
     */
    record DescribeNode(boolean triesDisk) implements Request {

        @Override
        public Set<Right> rights() {
            return Right.MONITOR.only();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Asks a node for the values of its meters. Answered by {@link Reply.Text} in Prometheus' text format; refused with {@link Status#INVALID} by a node that does
     * not measure.
     */
    record ReadMeters() implements Request {

        @Override
        public Set<Right> rights() {
            return Right.MONITOR.only();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /** A question about the process of one node, for operators. */
    sealed interface OfProcess extends Request {

        @Override
        default Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        default boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Asks a node to tell one thing of its process. Answered by {@link Reply.Text} of at most a mebibyte of characters.
     */
    record Inspect(Aspect aspect) implements OfProcess {

        /** The things that there are to tell; the order is that of the wire. */
        public enum Aspect {
            /** The threads with their stacks, and the monitors and locks that they hold or wait for. */
            THREADS,
            /** The JVM: its version, flags, memory and collections. */
            JVM,
            /** The settings that the node runs with, without the secrets among them. */
            SETTINGS,
            /** The last lines that the process has written to its standard error, which is where a node logs. */
            OUTPUT
        }
    }

    /**
     * Has a node record what its JVM does (JDK Flight Recorder), with method samples. Answered by {@link Reply.Done} once it has begun;
     * refused with {@link Status#BUSY} while another recording is under way, which is ended by its own time alone.
     *
     * @param millis for how long, from a second to {@link #MAX_MILLIS}; anything else is refused with {@link Status#INVALID}
     */
    record StartRecording(long millis) implements OfProcess {

        public static final long MAX_MILLIS = 600_000;

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /**
     * Reads from the last recording of a node. Answered by {@link Reply.RecordingPiece}; refused with {@link Status#BUSY} while it is under
     * way, and with {@link Status#INVALID} if there is none.
     *
     * @param offset where to begin, in bytes
     */
    record ReadRecording(long offset) implements OfProcess {}

    /**
     * Has a logger of a node's process log more or less, with those below it that have no level of their own, until the process ends.
     * Answered by {@link Reply.Text}, the level that it had, in lower case; refused with {@link Status#INVALID} by a process that can't, and
     * for the logger of the audit log.
     *
     * @param logger its name, or {@link #ROOT}; at most {@link #MAX_NAME} characters
     * @param level null for the one with which the process began
     */
    record SetLogLevel(String logger, @Nullable Level level) implements OfProcess {

        public static final int MAX_NAME = 256;

        /** The name of the logger that is above all others. */
        public static final String ROOT = "root";

        /** The least that is logged; the order is that of the wire. */
        public enum Level {
            TRACE,
            DEBUG,
            INFO,
            WARN,
            ERROR,
            OFF
        }

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /**
     * Raises the version of the cluster, for good, to one that each member can do. Answered by {@link Reply.Done}, also if the cluster has
     * it or a higher one already: so a copy that arrives late does nothing. Refused with {@link Status#INVALID} naming the members that
     * can't do it or do not answer.
     */
    record RaiseVersion(ClusterVersion to) implements ToControl {

        @Override
        public boolean waitsForOthers() {
            return true;
        }

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }
    }

    /** Asks for the users and roles, linearizably. Answered by {@link Reply.Access}, without passwords. */
    record DescribeAccess() implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.ADMINISTER.only();
        }
    }

    /**
     * Changes who may do what. Answered by {@link Reply.Access} as it is then. Refused with {@link Status#INVALID} if it would leave users
     * without an administrator or name a role that is not there, and if something has changed since the caller saw it: so a copy that
     * arrives late does nothing.
     *
     * @param revision of what the caller has seen
     */
    record ChangeAccess(int revision, AccessChange change) implements ToControl {

        @Override
        public Set<Right> rights() {
            return Right.ADMINISTER.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean isRefusedOnceApplied() {
            return true;
        }
    }

    /** A request that only the leader of the control group can answer. */
    sealed interface ToControl extends Request {

        @Override
        default Route route() {
            return Route.CONTROL;
        }
    }

    /** A request about one shard. */
    sealed interface ToShard extends Request {
        int shard();

        @Override
        Route route();

        @Override
        default String describe(IntFunction<String> cacheName) {
            return getClass().getSimpleName() + " in shard " + shard();
        }
    }

    /** A request about the entries of one cache in one shard. */
    sealed interface OfCache extends ToShard {
        int cacheId();

        @Override
        default List<Integer> cacheIds() {
            return List.of(cacheId());
        }

        /** Returns the keys of the entries that are meant; none if the request is about all. */
        default List<Bytes> keys() {
            return List.of();
        }

        @Override
        default String describe(IntFunction<String> cacheName) {
            List<Bytes> keys = keys();
            String first = keys.isEmpty() ? "" : " of key \"" + keys.get(0).shortened() + "\"";
            String others = keys.size() < 2 ? "" : " and " + (keys.size() - 1) + " more";
            return getClass().getSimpleName() + first + others + " in cache " + cacheName.apply(cacheId()) + ", shard "
                    + shard();
        }
    }

    /** A request that only the shard's leader can answer. */
    sealed interface ToLeader extends ToShard {

        @Override
        default Route route() {
            return Route.LEADER;
        }
    }

    /** A request that the leader answers if it is strong, else any replica that has applied {@code minPosition}. */
    sealed interface Read extends OfCache {
        Consistency consistency();

        /** The session's position in the shard; 0 for none. */
        long minPosition();

        /** The latest time of the shard's log, in milliseconds, by which the session has judged expiry; 0 for none. */
        long judgedAtMillis();

        @Override
        default Route route() {
            return consistency() == Consistency.STRONG ? Route.LEADER : Route.ANY_REPLICA;
        }

        @Override
        default Set<Right> rights() {
            return Right.READ.only();
        }
    }

    /**
     * Reads entries. Answered by {@link Reply.Entries}, in the order of the keys.
     *
     * @param withValues false to ask for presence only: values come back empty
     */
    record Get(
            int cacheId,
            int shard,
            List<Bytes> keys,
            boolean withValues,
            Consistency consistency,
            long minPosition,
            long judgedAtMillis)
            implements Read {}

    /**
     * Lists keys after {@code after} in the order of {@link Bytes#compareTo}. Answered by {@link Reply.Keys}.
     *
     * @param after exclusive; null from the beginning
     * @param limit 1 to 10,000
     */
    record Scan(
            int cacheId,
            int shard,
            @Nullable Bytes after,
            int limit,
            Consistency consistency,
            long minPosition,
            long judgedAtMillis)
            implements Read {}

    /** Counts the entries of a cache in the shard. Answered by {@link Reply.Count}. */
    record Size(int cacheId, int shard, Consistency consistency, long minPosition, long judgedAtMillis)
            implements Read {}

    /**
     * Applies mutations, in their order and all in one log entry. Answered by {@link Reply.Written}.
     *
     * @param lease released when this is applied or refused for good; {@link LeaseId#NONE} for none
     */
    record Write(int cacheId, int shard, RequestId id, List<Mutation> mutations, LeaseId lease)
            implements OfCache, ToLeader {

        /** Who may only write is not told what was there. */
        @Override
        public Set<Right> rights() {
            return mutations.stream().anyMatch(Mutation::returnOld)
                    ? Set.of(Right.READ, Right.WRITE)
                    : Right.WRITE.only();
        }

        @Override
        public List<Bytes> keys() {
            return mutations.stream().map(Mutation::key).toList();
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean isRefusedOnceApplied() {
            return true;
        }
    }

    /** Removes all entries of a cache in the shard, without events for each. Answered by {@link Reply.Written}. */
    record Clear(int cacheId, int shard, RequestId id) implements OfCache, ToLeader {

        @Override
        public Set<Right> rights() {
            return Right.WRITE.only();
        }

        @Override
        public boolean mutates() {
            return true;
        }

        @Override
        public boolean isRefusedOnceApplied() {
            return true;
        }
    }

    /**
     * Waits for the lease of an entry, then reads the entry on the leader. Answered by {@link Reply.Leased}. The read is
     * not confirmed: what is based on it must be checked by the {@link Condition} of a {@link Write}, or of
     * {@link Release}. Asking again with the same lease finds the same holding. It ends with the connection that it was asked for
     * over last.
     *
     * @param waitMillis how long to queue, at most 60,000; then {@link Status#LEASE_TIMEOUT}
     * @param holdMillis how long the lease, or the place in the queue, lives without {@link RenewLeases}, 1 to 10,000
     */
    record ReadForUpdate(int cacheId, int shard, Bytes key, LeaseId lease, long waitMillis, long holdMillis)
            implements OfCache, ToLeader {

        @Override
        public Set<Right> rights() {
            return Set.of(Right.READ, Right.WRITE);
        }

        @Override
        public List<Bytes> keys() {
            return List.of(key);
        }

        @Override
        public boolean waitsForOthers() {
            return true;
        }
    }

    /**
     * Tells a node that a session lives, and goes on holding or waiting for leases there. Those that the node knows nothing of are
     * passed over. Answered by {@link Reply.Done}.
     */
    record RenewLeases(long sessionHigh, long sessionLow, List<Lease> leases) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        /**
         * @param shard that the entry is in
         * @param number of the lease
         */
        public record Lease(int shard, long number) {}

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Gives a lease back, or gives up waiting for it. With another condition than {@link Condition#ANY} the leader first confirms by a ReadIndex
     * round whether it holds. Answered by {@link Reply.Released}.
     */
    record Release(int cacheId, int shard, Bytes key, LeaseId lease, Condition condition) implements OfCache, ToLeader {

        @Override
        public Set<Right> rights() {
            return Right.WRITE.only();
        }

        @Override
        public List<Bytes> keys() {
            return List.of(key);
        }
    }

    /**
     * Asks for the changes of caches in a shard, from any replica. Answered by {@link Reply.Subscribed}, then by any
     * number of {@link Reply.Changes} under the same correlation id, until {@link Reply.Refused}, {@link Unsubscribe},
     * or the end of the connection.
     *
     * @param minPosition that the replica must have applied
     * @param base the correlation id of a subscription of this connection and shard that has begun, whose caches belong to this
     *     one too; 0 for none
     * @param basePosition the position up to which the base's changes have been received; -1 if none have
     * @param caches those besides the base's, each once; with them at most {@link #MAX_CACHES}
     */
    record Subscribe(int shard, long minPosition, long base, long basePosition, List<Start> caches) implements ToShard {

        @Override
        public Set<Right> rights() {
            return Right.READ.only();
        }

        public static final int MAX_CACHES = 65_536;

        /** A subscription without a base. */
        public Subscribe(int shard, long minPosition, List<Start> caches) {
            this(shard, minPosition, 0, -1, caches);
        }

        /** The same with a base. */
        public Subscribe extending(long correlationId, long position) {
            return new Subscribe(shard, minPosition, correlationId, position, caches);
        }

        /**
         * The start of a cache's changes.
         *
         * @param afterPosition exclusive; -1 for "from now on"
         */
        public record Start(int cacheId, long afterPosition) {}

        @Override
        public List<Integer> cacheIds() {
            return caches.stream().map(Start::cacheId).toList();
        }

        @Override
        public Route route() {
            return Route.ANY_REPLICA;
        }

        @Override
        public boolean isStream() {
            return true;
        }
    }

    /**
     * Asks for a piece of a checkpoint of the shard. Answered by {@link Reply.Checkpoint}; as long as the checkpoint is being taken
     * refused with {@link Status#BUSY}.
     *
     * @param since 0 to be told how far the shard is now, as linearizable as a strong read; else the position that the checkpoint
     *     must not be behind
     * @param term of the checkpoint of which the asker has the beginning; 0 for none
     * @param position of that one
     * @param offset where the piece begins, in bytes
     */
    record FetchCheckpoint(int shard, long since, long term, long position, long offset) implements ToLeader {

        @Override
        public Set<Right> rights() {
            return Set.of(Right.OPERATE, Right.READ);
        }
    }

    /**
     * Ends a subscription of this connection. Answered by {@link Reply.Done}.
     *
     * @param correlationId of the {@link Subscribe}
     */
    record Unsubscribe(long correlationId) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }
    }

    /**
     * Asks a node to pass a request on to another one, or to answer it if it is that one itself. Answered as that one answers;
     * refused with {@link Status#UNREACHABLE} when it can't be sent there, and with {@link Status#INDETERMINATE} when there is no
     * answer. What was passed on ends with the connection that this was sent over. A request that was passed on is not passed on
     * again, so that none can go in circles.
     *
     * @param request one that {@linkplain Request#mayBePassedOn may be passed on}
     */
    record PassOn(NodeId to, Request request) implements Request {

        @Override
        public Set<Right> rights() {
            return request.rights();
        }

        @Override
        public List<Integer> cacheIds() {
            return request.cacheIds();
        }

        @Override
        public boolean isForNodes() {
            return request.isForNodes();
        }

        @Override
        public boolean isStream() {
            return request.isStream();
        }
    }

    /** Asks a node how its replicas are. Answered by {@link Reply.Replicas}. */
    record DescribeReplicas() implements Request {

        @Override
        public Set<Right> rights() {
            return Right.MONITOR.only();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Forces a replica of a node that has lost state to rejoin without waiting for the others: what only it had acknowledged
     * is lost then. Answered by {@link Reply.Done}; refused with {@link Status#INVALID} when it has lost nothing.
     *
     * @param group number of the shard; -1 for the control group
     * @param term higher than any that another of its group is in
     * @param electable whether it may be elected at once; otherwise once it has caught up
     */
    record RecoverReplica(int group, long term, boolean electable) implements Request {

        @Override
        public Set<Right> rights() {
            return Right.OPERATE.only();
        }

        @Override
        public boolean mayBePassedOn() {
            return true;
        }
    }

    /**
     * Between nodes: for each shard group, is {@code term} still your current term? One ReadIndex round asks for many
     * groups at once. Answered by {@link Reply.TermsConfirmed}.
     */
    record ConfirmTerms(List<GroupTerm> terms) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }

        /**
         * @param group number of the shard; -1 for the control group
         * @param term in which the asking node leads it
         */
        public record GroupTerm(int group, long term) {}
    }

    /** Between nodes: what does your wall clock say, and what time do your shards' logs have? Answered by {@link Reply.Clock}. */
    record ReadClock() implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }
    }

    /** Between nodes: how full is your memory of entries? Answered by {@link Reply.Memory}. In clusters that {@linkplain ClusterVersion#hasMemory have} it. */
    record ReadMemory() implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }
    }

    /**
     * Between nodes: what the replicated logs of one node say to those of another, in their own words. Answered by
     * {@link Reply.FromLog}.
     */
    record ToLog(Bytes message) implements Request {

        @Override
        public Set<Right> rights() {
            return Set.of();
        }

        @Override
        public boolean isForNodes() {
            return true;
        }
    }
}
