package dev.lockstep.cluster.memory;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How full the memory of the other members is, as they say once a second. Since then as much has been added there as here, or
 * taken away: exactly
 * so where both host the same shards. One that has not said so for five seconds is out of touch, and does not count. Thread-safe.
 */
final class MemberMemory {

    /** Said by a node that refuses nothing. */
    static final long UNLIMITED = Long.MAX_VALUE;

    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final NodeId self;
    private final Supplier<? extends Collection<NodeId>> members;
    private final TermConfirmations peers;
    private final LongSupplier own;
    private final Time time;
    private final Map<NodeId, Heard> heard = new ConcurrentHashMap<>();
    /** When members were asked last; used by the thread of {@link #tick}. */
    private long askedAtNanos;

    /** @param own bytes that were stored here at that moment */
    private record Heard(long used, long budget, long own, long atNanos) {}

    /**
     * @param members that can answer, this node among them
     * @param own bytes that are stored here
     */
    MemberMemory(
            NodeId self,
            Supplier<? extends Collection<NodeId>> members,
            TermConfirmations peers,
            LongSupplier own,
            Time time) {
        this.self = self;
        this.members = members;
        this.peers = peers;
        this.own = own;
        this.time = time;
        this.askedAtNanos = time.nanos() - EVERY_NANOS;
    }

    /** Asks the members if it is time; called every few milliseconds, by one thread. */
    void tick() {
        if (time.nanos() - askedAtNanos < EVERY_NANOS) {
            return;
        }
        askedAtNanos = time.nanos();
        for (NodeId member : members.get()) {
            if (!member.equals(self)) {
                peers.ask(member, new Request.ReadMemory(), reply -> {
                    if (reply instanceof Reply.Memory memory) {
                        heard.put(member, new Heard(memory.used(), memory.budget(), own.getAsLong(), time.nanos()));
                    }
                });
            }
        }
        heard.values().removeIf(one -> !isFresh(one));
    }

    private boolean isFresh(Heard one) {
        return time.nanos() - one.atNanos() < FRESH_NANOS;
    }

    /** The member that has the least room, and how much. */
    record Least(NodeId member, long room, long budget) {}

    /** Returns which of these members, this node apart, has the least room; null if none has said so lately. */
    @Nullable
    Least least(Collection<NodeId> hosts) {
        Least least = null;
        for (NodeId host : hosts) {
            Heard one = heard.get(host);
            if (one != null && isFresh(one) && one.budget() < UNLIMITED) {
                long room = one.budget() - one.used() - (own.getAsLong() - one.own());
                if (least == null || room < least.room()) {
                    least = new Least(host, room, one.budget());
                }
            }
        }
        return least;
    }
}
