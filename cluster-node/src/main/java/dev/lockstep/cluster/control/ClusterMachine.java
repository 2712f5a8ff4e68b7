package dev.lockstep.cluster.control;

import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.DrainedNode;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.AccessCodec;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.UnknownFormatException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The control group as a deterministic machine: which caches exist, which node is drained, the layout, and who may do what. Its commands
 * are idempotent, so that a retry needs no session. {@link #at}, {@link #create}, {@link #alter}, {@link #destroy}, {@link #drain},
 * {@link #lay} and {@link #change} belong to the thread that applies the log; the reads may be asked by any.
 */
public final class ClusterMachine {

    static final int MAX_CACHES = 10_000;

    private final ClusterVersion.Range able;

    private volatile State state = new State(0, new TreeMap<>(), 0, DrainedNode.NONE, null, AccessRules.OPEN);
    /** The position of the entry that is being applied. */
    private long position;

    /**
     * The state that results from the log so far. Replaced, never changed.
     *
     * @param position of the entry by which it came about, or of a later one that has changed nothing
     */
    private record State(
            long position,
            TreeMap<Integer, CacheInfo> caches,
            int highestId,
            DrainedNode drained,
            @Nullable Layout layout,
            AccessRules access) {

        private State with(long at, TreeMap<Integer, CacheInfo> changed, int id) {
            return new State(at, changed, id, drained, layout, access);
        }

        private State with(long at, DrainedNode changed) {
            return new State(at, caches, highestId, changed, layout, access);
        }

        private State with(long at, AccessRules changed) {
            return new State(at, caches, highestId, drained, layout, changed);
        }
    }

    /** Begins with an entry of the log. */
    void at(long next) {
        position = next;
    }

    /** @param able the cluster versions that this node can do */
    ClusterMachine(ClusterVersion.Range able) {
        this.able = able;
    }

    /**
     * Attaches to a cache of which everything is so that the proposal says; creates it if none has been since the caller knew the
     * highest id.
     */
    Reply create(ControlCommand.Create create) {
        CacheProposal proposal = create.proposal();
        CacheDefinition completed = create.completed();
        State before = state;
        for (CacheInfo existing : before.caches().values()) {
            if (existing.definition().name().equals(proposal.name())) {
                String difference = difference(existing.definition(), proposal, completed);
                return difference.isEmpty()
                        ? new Reply.Caches(List.of(existing), before.highestId())
                        : Reply.Refused.of(Status.DEFINITION_DIFFERS, difference);
            }
        }
        if (create.onlyExisting()) {
            return Reply.Refused.of(
                    Status.FORBIDDEN,
                    "There is no cache " + proposal.name() + ", and it needs the right to create one");
        }
        if (create.highestId() != before.highestId()) {
            return new Reply.Caches(List.of(), before.highestId());
        }
        if (before.caches().size() == MAX_CACHES) {
            return Reply.Refused.of(Status.INVALID, "There are " + MAX_CACHES + " caches already, as many as can be");
        }
        CacheInfo created = new CacheInfo(before.highestId() + 1, completed);
        TreeMap<Integer, CacheInfo> changed = new TreeMap<>(before.caches());
        changed.put(created.id(), created);
        state = before.with(position, changed, created.id());
        return new Reply.Created(created);
    }

    /**
     * Changes a definition, if no other client has since the caller saw it; the shards learn of it by the new revision.
     */
    Reply alter(Request.AlterCache alteration) {
        State before = state;
        CacheInfo existing = before.caches().get(alteration.cacheId());
        if (existing == null) {
            return Reply.Refused.of(
                    Status.NO_SUCH_CACHE, "Cache " + alteration.cacheId() + " does not exist, or no longer");
        }
        CacheDefinition was = existing.definition();
        if (alteration.expiry() != null && !was.expiryPolicy().isEmpty()) {
            return Reply.Refused.of(
                    Status.INVALID,
                    "Cache " + was.name() + " has the expiry policy " + was.expiryPolicy()
                            + ", which runs in the applications: lifetimes are changed there");
        }
        CacheDefinition altered = was.altered(
                alteration.expiry(),
                bound(alteration.maxEntries()),
                bound(alteration.maxBytes()),
                Optional.ofNullable(alteration.consistency()),
                Optional.ofNullable(alteration.entryProcessing()));
        if (altered.equals(was)) {
            return new Reply.Caches(List.of(existing), before.highestId());
        }
        if (existing.revision() != alteration.revision()) {
            return Reply.Refused.of(
                    Status.DEFINITION_DIFFERS,
                    "Cache " + was.name() + " has been altered meanwhile: its definition has revision "
                            + existing.revision() + ", and " + alteration.revision()
                            + " was to be altered. Look at it as it is now, and alter that");
        }
        CacheInfo info = new CacheInfo(existing.id(), existing.revision() + 1, altered);
        TreeMap<Integer, CacheInfo> changed = new TreeMap<>(before.caches());
        changed.put(info.id(), info);
        state = before.with(position, changed, before.highestId());
        return new Reply.Caches(List.of(info), before.highestId());
    }

    private static OptionalLong bound(@Nullable Long bound) {
        return bound == null ? OptionalLong.empty() : OptionalLong.of(bound);
    }

    Reply destroy(int cacheId) {
        State before = state;
        TreeMap<Integer, CacheInfo> changed = new TreeMap<>(before.caches());
        changed.remove(cacheId);
        state = before.with(position, changed, before.highestId());
        return new Reply.Done();
    }

    /** Drains a node, or ends that, if nothing has changed since the caller looked. */
    Reply drain(Request.DrainNode drain) {
        State before = state;
        DrainedNode was = before.drained();
        if (Objects.equals(was.node(), drain.node())) {
            return new Reply.Drained(was);
        }
        if (was.node() != null && drain.node() != null) {
            return Reply.Refused.of(
                    Status.INVALID,
                    "Node " + was.node()
                            + " is drained, and only one node may be at a time. End that first: lockstep node undrain "
                            + was.node());
        }
        if (was.revision() != drain.revision()) {
            return Reply.Refused.of(
                    Status.INVALID,
                    "Another client has drained a node meanwhile, or ended that. Look at it as it is now");
        }
        state = before.with(position, new DrainedNode(was.revision() + 1, drain.node()));
        return new Reply.Drained(state.drained());
    }

    /**
     * Replaces the layout by the one that comes after it. A node that is a member no more is not drained either.
     *
     * @throws UnknownFormatException when this node can't do its version
     */
    Reply lay(Layout next) {
        State before = state;
        require(next.clusterVersion());
        if (next.version() != version(before.layout()) + 1) {
            return Reply.Refused.of(Status.BUSY, "The layout of the cluster has changed meanwhile");
        }
        DrainedNode drained = before.drained();
        if (drained.node() != null && next.member(drained.node()) == null) {
            drained = new DrainedNode(drained.revision() + 1, null);
        }
        state = new State(position, before.caches(), before.highestId(), drained, next, before.access());
        return new Reply.Done();
    }

    /** Changes who may do what, if nothing has changed since the caller looked. */
    Reply change(Request.ChangeAccess request) {
        AccessRules was = state.access();
        try {
            AccessRules next = AccessChanges.changed(was, request.change());
            if (!next.equals(was) && was.revision() != request.revision()) {
                return Reply.Refused.of(
                        Status.INVALID,
                        "Another client has changed users or roles meanwhile. Look at them as they are now, and try again");
            }
            state = state.with(position, next);
            return new Reply.Access(next.withoutVerifiers());
        } catch (RefusedChange refused) {
            return Reply.Refused.of(Status.INVALID, String.valueOf(refused.getMessage()));
        }
    }

    private static long version(@Nullable Layout layout) {
        return layout == null ? Layout.UNFORMED : layout.version();
    }

    private void require(ClusterVersion version) {
        if (!able.includes(version)) {
            throw new UnknownFormatException("The control group has written version " + version
                    + ", and this node can do " + able + ": start it with the version of Lockstep that the others run");
        }
    }

    private ClusterVersion version(State of) {
        Layout layout = of.layout();
        return layout == null ? able.newest() : layout.clusterVersion();
    }

    /** Encodes its state as a record, beginning with the cluster's version, by which the rest is read. */
    byte[] record() {
        return record(state);
    }

    private byte[] record(State now) {
        ClusterVersion version = version(now);
        WireWriter out = new WireWriter(256).varint(version.number()).varint(now.highestId());
        out.list(now.caches().values(), ValueCodec::cacheInfo);
        ValueCodec.drained(out, now.drained());
        out.optional(now.layout(), ValueCodec::layout);
        if (version.hasUsers()) {
            AccessCodec.rules(out, now.access());
        }
        return out.toByteArray();
    }

    /**
     * Makes it what a record says.
     *
     * @param of the position of the log up to which it was made
     * @throws dev.lockstep.protocol.wire.MalformedFrameException when it is none, an {@link UnknownFormatException} when this node can't
     *     do its version; then nothing has changed
     */
    void restore(byte[] record, long of) {
        WireReader in = new WireReader(record);
        ClusterVersion version = new ClusterVersion(in.size());
        require(version);
        int highestId = in.size();
        TreeMap<Integer, CacheInfo> caches = new TreeMap<>();
        in.list(ValueCodec::cacheInfo).forEach(info -> caches.put(info.id(), info));
        DrainedNode drained = ValueCodec.drained(in);
        Layout layout = in.optional(ValueCodec::layout);
        AccessRules access = version.hasUsers() ? AccessCodec.rules(in) : AccessRules.OPEN;
        in.end();
        state = new State(of, caches, highestId, drained, layout, access);
    }

    /** The state, for a node that has no replica of the group and knows what had changed up to a position. */
    Reply.ControlCopy copy(@Nullable NodeId leader, long since) {
        State now = state;
        return new Reply.ControlCopy(leader, now.position(), now.position() > since ? Bytes.of(record(now)) : null);
    }

    /** The position of the last entry that has changed something; a later one if it comes from a checkpoint. */
    long position() {
        return state.position();
    }

    /** The cache with this id, or null: destroyed, or not known here yet if the id is above {@link #highestId}. */
    public @Nullable CacheInfo cache(int cacheId) {
        return state.caches().get(cacheId);
    }

    /** Tells whether the cache was created and has been destroyed. */
    boolean isDestroyed(int cacheId) {
        State now = state;
        return cacheId <= now.highestId() && !now.caches().containsKey(cacheId);
    }

    /** All caches that exist. */
    Reply.Caches list() {
        State now = state;
        return new Reply.Caches(List.copyOf(now.caches().values()), now.highestId());
    }

    /** The node that is drained, if any. */
    DrainedNode drained() {
        return state.drained();
    }

    /** The layout that the group has agreed on; null if it has not yet. */
    @Nullable
    Layout layout() {
        return state.layout();
    }

    /** The users and roles. */
    AccessRules access() {
        return state.access();
    }

    /** The highest id ever given to a cache. */
    public int highestId() {
        return state.highestId();
    }

    /** Settings that the creator leaves open match any value. */
    private static String difference(CacheDefinition existing, CacheProposal proposal, CacheDefinition asked) {
        CacheSettings said = proposal.said();
        List<String> differences = new ArrayList<>();
        differ(differences, "key type", existing.keyType(), asked.keyType());
        differ(differences, "value type", existing.valueType(), asked.valueType());
        if (proposal.expiry() != null || said.saysExpiry()) {
            differ(differences, "expiry", existing.expiry(), asked.expiry());
        }
        differ(differences, "expiry policy", existing.expiryPolicy(), asked.expiryPolicy());
        if (said.maxEntries().isPresent()) {
            differ(differences, "max-entries", existing.maxEntries(), asked.maxEntries());
        }
        if (said.maxBytes().isPresent()) {
            differ(differences, "max-bytes", existing.maxBytes(), asked.maxBytes());
        }
        if (said.consistency().isPresent()) {
            differ(differences, "consistency", existing.consistency(), asked.consistency());
        }
        if (said.entryProcessing().isPresent()) {
            differ(differences, "entry-processor", existing.entryProcessing(), asked.entryProcessing());
        }
        return differences.isEmpty()
                ? ""
                : "Cache " + existing.name() + " exists with another definition: " + String.join("; ", differences)
                        + ". Ask for what there is, or change it: lockstep cache alter";
    }

    private static void differ(List<String> differences, String what, Object existing, Object asked) {
        if (!Objects.equals(existing, asked)) {
            differences.add(what + " is " + existing + ", asked for was " + asked);
        }
    }
}
