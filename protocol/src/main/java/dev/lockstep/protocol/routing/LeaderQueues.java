package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The calls that wait for leaders, by group. Thread-safe. */
final class LeaderQueues {

    private final Map<Integer, LeaderQueue> queues = new ConcurrentHashMap<>();
    private final EventLoop loop;
    private final Entropy entropy;

    LeaderQueues(EventLoop loop, Entropy entropy) {
        this.loop = loop;
        this.entropy = entropy;
    }

    /** Returns the queue of a group. */
    LeaderQueue of(int group) {
        return queues.computeIfAbsent(group, none -> new LeaderQueue(loop, entropy));
    }

    /** Tells whether new calls to the leader of a group have to wait behind others. */
    boolean isBlocked(int group) {
        LeaderQueue queue = queues.get(group);
        return queue != null && queue.isBlocked();
    }

    /** The leader of a group has answered. */
    void answered(int group) {
        LeaderQueue queue = queues.get(group);
        if (queue != null) {
            queue.answered();
        }
    }

    /** Lets all calls go on: they learn that the router is closed. */
    void close() {
        queues.values().forEach(LeaderQueue::close);
    }
}
