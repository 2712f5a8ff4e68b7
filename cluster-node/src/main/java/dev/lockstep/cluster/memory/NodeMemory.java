package dev.lockstep.cluster.memory;

import dev.lockstep.cluster.memory.MemberMemory.Least;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.store.StoreMemory;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * The memory that the entries of a node take, of all its replicas together, and whether there is room for more: here, and on the
 * other nodes that
 * host a shard which this node leads. Thread-safe.
 */
public final class NodeMemory {

    private final NodeId self;
    private final MemoryBudget budget;
    private final StoreMemory stored;
    private final MemberMemory members;
    private final AtomicLong waiting = new AtomicLong();
    private final LongAdder refused = new LongAdder();

    /**
     * @param stored what the node's stores take
     * @param members that say how full they are, this node among them
     */
    public NodeMemory(
            NodeId self,
            MemoryBudget budget,
            StoreMemory stored,
            Supplier<? extends Collection<NodeId>> members,
            TermConfirmations peers,
            Time time) {
        this.self = self;
        this.budget = budget;
        this.stored = stored;
        this.members = new MemberMemory(self, members, peers, stored::storedBytes, time);
    }

    /** Keeps up to date how full the others are; called every few milliseconds, by one thread. */
    public void tick() {
        members.tick();
    }

    /** Returns the bytes that the entries of the node take. */
    public long usedBytes() {
        return stored.storedBytes() + stored.asideBytes();
    }

    /** Returns the bytes that they may take. */
    public long budgetBytes() {
        return budget.entryBytes();
    }

    /** Returns the bytes of commands that wait for a log, or are in one that is not applied yet. */
    public long waitingBytes() {
        return waiting.get();
    }

    /** Returns how many writes were refused for want of room. */
    public long refused() {
        return refused.sum();
    }

    /** Answers another node. */
    public Reply.Memory describe() {
        return budget.refuses()
                ? new Reply.Memory(stored.storedBytes(), budget.entryBytes())
                : new Reply.Memory(0, MemberMemory.UNLIMITED);
    }

    /** The room for entries. */
    public enum Room {
        /** There is some. */
        FREE,
        /** There will be some soon: entries are being written to a checkpoint, or wait for a log. */
        SOON,
        /** There is none. */
        NONE
    }

    /**
     * Tells whether the hosts of a shard have room for a write.
     *
     * @param growth by which entries grow, as far as is known; negative if they shrink
     * @param bytes of the new values
     */
    public Room room(Collection<NodeId> hosts, long growth, long bytes) {
        if (!budget.refuses()) {
            return Room.FREE;
        }
        Least least = members.least(hosts);
        long here = budget.entryBytes() - stored.storedBytes();
        long room = least == null ? here : Math.min(here, least.room());
        if (growth > 0 && growth > room) {
            return Room.NONE;
        }
        long pending = waiting.get();
        boolean takenByWaiting = pending > 0 && (growth + pending > room || bytes + pending > budget.waitingBytes());
        boolean heldByCheckpoint =
                usedBytes() + pending + bytes > budget.entryBytes() + budget.waitingBytes() && stored.asideBytes() > 0;
        return takenByWaiting || heldByCheckpoint ? Room.SOON : Room.FREE;
    }

    /** Says which node has no room. */
    public String full(Collection<NodeId> hosts) {
        refused.increment();
        Least least = members.least(hosts);
        return least == null || budget.entryBytes() - stored.storedBytes() <= least.room()
                ? full(self, budget.entryBytes())
                : full(least.member(), least.budget());
    }

    private static String full(NodeId node, long bytes) {
        return "The entries of node " + node + " take up the " + (bytes >> 20)
                + " MiB of memory that they may (limits.memory). Remove entries, give caches a bound (lockstep cache alter"
                + " --max-bytes) or a lifetime, start the nodes with more heap, or add nodes";
    }

    /** Counts bytes that are about to be proposed. */
    public void begins(long bytes) {
        waiting.addAndGet(bytes);
    }

    /** Counts those no more: they are stored, or refused. */
    public void ends(long bytes) {
        waiting.addAndGet(-bytes);
    }

    /** Returns the bytes that bounded caches have to give back, so that the hosts of a shard stay within their budgets; 0 for none. */
    public long excess(Collection<NodeId> hosts) {
        if (!budget.refuses()) {
            return 0;
        }
        long own = stored.storedBytes() + waiting.get() - budget.evictAboveBytes();
        Least least = members.least(hosts);
        return Math.max(0, Math.max(own, least == null ? 0 : waiting.get() + least.budget() / 10 - least.room()));
    }
}
