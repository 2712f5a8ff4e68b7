package dev.lockstep.cluster.consensus.ratis.graft;

import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.impl.CallerAppliedUpdater;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.util.MemoizedSupplier;
import org.apache.ratis.util.VersionInfo;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link DirectRaftLog}, a {@link CallerAppliedUpdater}, and an executor that answers appends on the thread that read
 * them, into a replica of Ratis, which has a factory for none of them. Relies on private parts of one version of Ratis, which are looked
 * up before the first replica is opened (ADR 19 lists them, and what is relied on beyond names). Thread-safe.
 */
public final class RatisGraft {

    private static final String VERSION = "3.3.0";

    private final DirectRaftLog.Context node;
    private final Parts parts;

    private RatisGraft(DirectRaftLog.Context node, Parts parts) {
        this.node = node;
        this.parts = parts;
    }

    /**
     * Prepares to put logs into the replicas of a node.
     *
     * @throws IOException when the Ratis on the class path is not the one that this was made for
     */
    public static RatisGraft of(DirectRaftLog.Context node) throws IOException {
        String version = VersionInfo.getSoftwareInfoVersion();
        try {
            if (VERSION.equals(version)) {
                return new RatisGraft(node, Parts.find());
            }
            throw refused(version, null);
        } catch (ReflectiveOperationException | RuntimeException otherShape) {
            throw refused(version, otherShape);
        }
    }

    private static IOException refused(String version, @Nullable Exception cause) {
        return new IOException(
                "Lockstep's Raft log works with Apache Ratis " + VERSION + ", but " + version
                        + " is on the class path: use that version, or Ratis' own log (node.raft-log: ratis)"
                        + (cause == null ? "" : "; " + cause),
                cause);
    }

    /** The private parts of Ratis that are used. */
    private record Parts(
            VarHandle state,
            VarHandle log,
            VarHandle updater,
            VarHandle memoized,
            MethodHandle setConfiguration,
            MethodHandle truncated,
            MethodHandle flushed,
            MethodHandle updateCommit,
            Field answering) {

        static Parts find() throws ReflectiveOperationException {
            Class<?> server = Class.forName("org.apache.ratis.server.impl.RaftServerImpl");
            Class<?> state = Class.forName("org.apache.ratis.server.impl.ServerState");
            Class<?> leader = Class.forName("org.apache.ratis.server.impl.LeaderStateImpl");
            Class<?> memoized = MemoizedSupplier.class.getSuperclass();
            MethodHandles.Lookup inServer = MethodHandles.privateLookupIn(server, MethodHandles.lookup());
            MethodHandles.Lookup inState = MethodHandles.privateLookupIn(state, MethodHandles.lookup());
            MethodHandles.Lookup inLeader = MethodHandles.privateLookupIn(leader, MethodHandles.lookup());
            MethodHandles.Lookup inMemoized = MethodHandles.privateLookupIn(memoized, MethodHandles.lookup());
            Field answering = server.getDeclaredField("serverExecutor");
            answering.setAccessible(true);
            return new Parts(
                    inServer.findVarHandle(server, "state", state),
                    inState.findVarHandle(state, "log", MemoizedSupplier.class),
                    inState.findVarHandle(state, "stateMachineUpdater", MemoizedSupplier.class),
                    inMemoized.findVarHandle(memoized, "value", Object.class),
                    inState.findVirtual(
                            state, "setRaftConf", MethodType.methodType(boolean.class, LogEntryProto.class)),
                    inServer.findVirtual(
                            server, "notifyTruncatedLogEntry", MethodType.methodType(void.class, LogEntryProto.class)),
                    inServer.findVirtual(server, "submitUpdateCommitEvent", MethodType.methodType(void.class)),
                    inLeader.findVirtual(leader, "updateCommit", MethodType.methodType(void.class)),
                    answering);
        }
    }

    /**
     * Opens the log of a replica and makes it the one that Ratis uses, and replaces what applies its entries. To be called when Ratis
     * initializes the replica's state machine, once that knows its checkpoint: Ratis asks for the log right after it.
     *
     * @param quick whether the state machine applies an entry in a short time, without waiting for anything; asked by one thread at
     *     a time
     * @throws IOException when the log can't be read, or is not what was written
     */
    public void install(RaftServer.Division division, Predicate<LogEntryProto> quick) throws IOException {
        Object state = parts.state().get(division);
        DirectRaftLog log = new DirectRaftLog(
                division.getMemberId(),
                () -> checkpointed(division),
                division.getRaftServer().getProperties(),
                division.getRaftStorage(),
                node,
                new LogServer(parts, division));
        log.open(
                log.getSnapshotIndex(),
                entry -> call(() -> parts.setConfiguration().invoke(state, entry)));
        if (!parts.memoized().compareAndSet(parts.log().get(state), null, log)) {
            log.close();
            throw new IOException("Ratis has opened its own log of " + division.getMemberId() + " before");
        }
        var updater = new CallerAppliedUpdater(division, log, parts.updateCommit(), quick);
        if (!parts.memoized().compareAndSet(parts.updater().get(state), null, updater)) {
            throw new IOException("Ratis has begun to apply entries of " + division.getMemberId() + " before");
        }
        try {
            ThreadPoolExecutor own = (ThreadPoolExecutor) parts.answering().get(division);
            parts.answering().set(division, new AnsweringExecutor(own));
        } catch (IllegalAccessException closed) {
            throw new IOException(
                    "This JVM does not let Lockstep's Raft log into Ratis: set node.raft-log to ratis", closed);
        }
    }

    private static long checkpointed(RaftServer.Division division) {
        SnapshotInfo latest = division.getStateMachine().getLatestSnapshot();
        return latest == null ? RaftLog.INVALID_LOG_INDEX : Math.max(RaftLog.INVALID_LOG_INDEX, latest.getIndex());
    }

    private interface Call {
        @Nullable
        Object run() throws Throwable;
    }

    private static void call(Call call) {
        try {
            call.run();
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable never) {
            throw new IllegalStateException(never);
        }
    }

    /** The server of one log. */
    private record LogServer(Parts parts, RaftServer.Division division) implements DirectRaftLog.Server {

        @Override
        public void truncated(LogEntryProto entry) {
            call(() -> parts.truncated().invoke(division, entry));
        }

        @Override
        public void flushed() {
            call(() -> parts.flushed().invoke(division));
        }

        @Override
        public boolean isOnlyVoter() {
            RaftConfiguration configuration = division.getRaftConf();
            return configuration.getCurrentPeers().size() == 1;
        }

        @Override
        public void failed(IOException cause) {
            division.getStateMachine().event().notifyLogFailed(cause, null);
        }
    }
}
