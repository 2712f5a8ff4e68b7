package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.runtime.EventLoop;
import java.lang.reflect.Field;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.ConcurrentUtils;
import org.apache.ratis.util.MemoizedSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the groups of a node in parallel, as many at a time as there are processors, two to four. Stateless. */
final class ParallelGroupOpening {

    private static final Logger LOG = LoggerFactory.getLogger(ParallelGroupOpening.class);
    private static final int LEAST = 2;
    private static final int MOST = 4;
    /** The field of Ratis 3.3.0 with the executor that opens groups: a single thread, which reads one log after another. */
    private static final String GROUP_MANAGEMENT = "implExecutor";

    private ParallelGroupOpening() {}

    private static int count() {
        return Math.max(LEAST, Math.min(MOST, Runtime.getRuntime().availableProcessors()));
    }

    /** Loops that each open one replica at a time. */
    static List<EventLoop> loops(String name) {
        return IntStream.range(0, count())
                .mapToObj(i -> EventLoop.threaded(name + "-" + i))
                .toList();
    }

    /**
     * Gives a server that has no groups yet as many threads for opening them. There is no setting for it; without this they are opened one
     * after another. Ratis makes its own thread with the first group, and closes whatever is there with the server.
     */
    static void letOpen(RaftServer server) {
        try {
            Field management = server.getClass().getDeclaredField(GROUP_MANAGEMENT);
            management.setAccessible(true);
            Field value = MemoizedSupplier.class.getSuperclass().getDeclaredField("value");
            value.setAccessible(true);
            value.set(
                    management.get(server),
                    ConcurrentUtils.newThreadPoolWithMax(false, count(), server.getId() + "-groupManagement"));
        } catch (ReflectiveOperationException | RuntimeException otherVersion) {
            LOG.warn(
                    "Raft groups are opened one after another: this version of Ratis can't open them side by side",
                    otherVersion);
        }
    }
}
