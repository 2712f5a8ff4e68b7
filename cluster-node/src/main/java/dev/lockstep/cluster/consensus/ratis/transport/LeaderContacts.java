package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.runtime.Time;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.protocol.RaftGroupId;

/**
 * The times when each group's replica on this node last accepted a message from a leader of its current term.
 * Thread-safe.
 *
 * <p>Ratis' own {@code lastRpcTime} will not do: a granted (pre-)vote refreshes it too. It can't detect that a leader
 * was replaced as long as this replica has not heard of the new one; its messages, also late ones, still count.
 */
public final class LeaderContacts {

    private final Time time;
    private final Map<RaftGroupId, Contact> contacts = new ConcurrentHashMap<>();

    public LeaderContacts(Time time) {
        this.time = time;
    }

    /** The time now, to be given to {@link Contact#at} once it is known that the message was accepted. */
    long now() {
        return time.nanos();
    }

    public Contact of(RaftGroupId group) {
        return contacts.computeIfAbsent(group, unknown -> new Contact(time));
    }

    /** The groups whose replica here has heard a leader once, but for so long no more; also those that it leads itself. */
    List<RaftGroupId> silentFor(long nanos) {
        return contacts.entrySet().stream()
                .filter(entry -> entry.getValue().ever && entry.getValue().sinceNanos() > nanos)
                .map(Map.Entry::getKey)
                .toList();
    }

    public static final class Contact {

        private final Time time;
        private volatile boolean ever;
        private volatile long lastNanos;
        private volatile long committed;

        private Contact(Time time) {
            this.time = time;
        }

        /**
         * A message that arrived then was accepted.
         *
         * @param position the highest that the leader says is committed
         */
        void at(long nanos, long position) {
            lastNanos = nanos;
            committed = position;
            ever = true;
        }

        /** The highest position that the last leader has said is committed; 0 if there was none. */
        public long committed() {
            return committed;
        }

        /** Nanoseconds since the last contact; {@link Long#MAX_VALUE} if there was none. */
        public long sinceNanos() {
            return ever ? Math.max(0, time.nanos() - lastNanos) : Long.MAX_VALUE;
        }
    }
}
