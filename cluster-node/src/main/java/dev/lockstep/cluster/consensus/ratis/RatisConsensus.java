package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.files.RaftLogFiles;
import dev.lockstep.cluster.consensus.ratis.graft.RatisGraft;
import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import dev.lockstep.cluster.consensus.ratis.log.LogSyncer;
import dev.lockstep.cluster.consensus.ratis.transport.CheckpointSource;
import dev.lockstep.cluster.consensus.ratis.transport.ElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.LinkTransport;
import dev.lockstep.cluster.consensus.ratis.transport.PendingInstall;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.consensus.ratis.transport.ReplicaTransport;
import dev.lockstep.cluster.files.DiskMonitor;
import dev.lockstep.cluster.files.Folders;
import dev.lockstep.cluster.files.UncleanShutdown;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.EventLoopPool;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.statemachine.StateMachine;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's replicas of Raft groups, on one Ratis server. Thread-safe. */
public final class RatisConsensus implements Consensus {

    private static final Logger LOG = LoggerFactory.getLogger(RatisConsensus.class);
    private static final long WATERMARK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    /** Times that replicas' disks are looked at in an election time-out. */
    private static final int LOOKS_AN_ELECTION = 10;
    /** Threads for the logs of which the disk is slow: some, so that one log does not hold up the others. */
    private static final int WRITING_THREADS = 3;

    private static final long CLOSE_SECONDS = 10;
    /** The part of a processor for writing checkpoints: a quarter. */
    private static final int CHECKPOINT_PART = 4;

    private static final long LAST_CHECKPOINTS_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final RatisSettings settings;
    private final LeaderContacts contacts;
    private final Map<RaftGroupId, RatisReplica<?, ?>> replicas = new ConcurrentHashMap<>();
    private final ClientId client = ClientId.randomId();
    private final EventLoop loop;
    private final EventLoop watermarks;
    private final List<EventLoop> opening;
    private final EventLoop checkpointing;
    private final ReplicaCheckpoints.Context checkpoints;
    private final Consumer<IOException> diskFailed;
    private final AtomicBoolean failed = new AtomicBoolean();
    private final DiskMonitor watch;
    private final UncleanShutdown lastRun;
    private final @Nullable LogSyncer syncer;
    private final @Nullable RatisGraft graft;
    private final RaftServer server;
    private final ReplicaTransport transport;
    private volatile List<Member> members;
    private volatile boolean closed;

    /**
     * Starts a server without groups: they come with {@link #open}.
     *
     * @param links to the other members; they stay open when this is closed
     * @param diskFailed told once, on any thread, when the logs can't be written any more; must not block. All replicas are to
     *     be closed then: some may go on, but none can be relied on
     * @throws IOException when the folder can't be used
     */
    public RatisConsensus(RatisSettings settings, Links links, Time time, Consumer<IOException> diskFailed)
            throws IOException {
        this(settings, links, LogDisk.SYSTEM, time, diskFailed);
    }

    /** @param disk with the logs' files, which Ratis' own logs do not use */
    public RatisConsensus(
            RatisSettings settings, Links links, LogDisk disk, Time time, Consumer<IOException> diskFailed)
            throws IOException {
        this(settings, links, disk, time, diskFailed, properties -> {});
    }

    /**
     * @param disk with the logs' files
     * @param further settings of Ratis
     */
    RatisConsensus(
            RatisSettings settings,
            Links links,
            LogDisk disk,
            Time time,
            Consumer<IOException> diskFailed,
            Consumer<RaftProperties> further)
            throws IOException {
        this(
                settings,
                new LeaderContacts(time),
                (contacts, gates, checkpoints) -> {
                    var context = new LinkTransport.Context(
                            links,
                            contacts,
                            settings.electionTimeout(),
                            time,
                            Entropy.system(),
                            gates,
                            checkpoints,
                            new ByteRate(
                                    settings.catchUp().nodeBytes(),
                                    settings.catchUp().clusterBytes(),
                                    time));
                    return new Transport(
                            properties -> {
                                RaftConfigKeys.Rpc.setType(properties, new LinkTransport());
                                further.accept(properties);
                            },
                            LinkTransport.parameters(context),
                            LinkTransport::of);
                },
                disk,
                time,
                diskFailed);
    }

    /**
     * The way in which Ratis' servers reach each other.
     *
     * @param settings adds its own to those of Ratis
     * @param parameters that Ratis hands to it
     * @param messages gives what replicas use of it directly, once the server is built
     */
    record Transport(
            Consumer<RaftProperties> settings,
            Parameters parameters,
            Function<RaftServer, ReplicaTransport> messages) {}

    /** Makes the transport of a node, given what that asks of the node's replicas. */
    interface TransportFactory {
        Transport transport(
                LeaderContacts contacts,
                Function<RaftGroupId, @Nullable ElectionGate> gates,
                CheckpointSource checkpoints);
    }

    private final class HostedCheckpoints implements CheckpointSource {

        @Override
        public @Nullable CheckpointPiece piece(RaftGroupId group, Wanted wanted) throws IOException {
            ReplicaCheckpoints of = of(group);
            return of == null ? null : of.taking().piece(wanted);
        }

        @Override
        public @Nullable PendingInstall pendingInstall(RaftGroupId group) {
            ReplicaCheckpoints of = of(group);
            return of == null ? null : of.pendingInstall();
        }

        private @Nullable ReplicaCheckpoints of(RaftGroupId group) {
            RatisReplica replica = replicas.get(group);
            return replica == null ? null : replica.checkpoints();
        }
    }

    RatisConsensus(
            RatisSettings settings,
            LeaderContacts contacts,
            TransportFactory transports,
            LogDisk disk,
            Time time,
            Consumer<IOException> diskFailed)
            throws IOException {
        this.settings = settings;
        this.members = settings.members();
        this.contacts = contacts;
        this.diskFailed = diskFailed;
        // Whether a fault ends the JVM, which may be an application's, is for nobody below the node to decide.
        ExitUtils.disableSystemExit();
        this.lastRun = new UncleanShutdown(Files.createDirectories(settings.folder()));
        detectUncleanShutdown();
        boolean direct = settings.raftLog() == RaftLogKind.DIRECT;
        boolean onDisk = settings.durability() == Durability.DISK;
        this.syncer = direct
                ? new LogSyncer(EventLoop.threaded("raft-" + settings.self().id() + "-sync"), onDisk)
                : null;
        var writing = new EventLoopPool("raft-" + settings.self().id() + "-writes", WRITING_THREADS);
        this.graft =
                syncer == null ? null : RatisGraft.of(new DirectRaftLog.Context(disk, syncer, writing::open, time));
        Transport made = transports.transport(contacts, replicas::get, new HostedCheckpoints());
        this.server = server(made);
        this.transport = made.messages().apply(server);
        this.loop = EventLoop.threaded("raft-" + settings.self().id());
        this.watermarks = EventLoop.threaded("raft-" + settings.self().id() + "-watermarks");
        this.opening =
                ParallelGroupOpening.loops("raft-opens-" + settings.self().id());
        this.checkpointing = EventLoop.threaded("checkpoints-" + settings.self().id());
        this.checkpoints = new ReplicaCheckpoints.Context(
                settings.checkpoints(),
                checkpointing,
                DutyCycle.ofOnePartIn(CHECKPOINT_PART, time),
                time,
                settings.checkpointInterval(),
                transport,
                new Checkpointer.Tally());
        this.watch = new DiskMonitor(
                settings.folder(), !direct && !onDisk, settings.self().id(), time, loop, this::failed);
        try {
            server.start();
            if (direct) {
                loop.execute(this::watchDisks);
            }
            if (settings.durability() == Durability.DISK || lastRun.canTell()) {
                watermarks.schedule(
                        WATERMARK_NANOS, this::advanceWatermarks); // else it could outlast a power cut, and the log not
            }
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Ratis starts all groups that it finds in its folder when it is built, before there are machines to apply their
     * logs. It is therefore built on a folder that does not exist, and given the true one afterwards; each group is
     * recovered when it is added.
     */
    private RaftServer server(Transport transport) throws IOException {
        File groups = settings.folder().toFile();
        RaftProperties properties = RatisProperties.of(settings);
        transport.settings().accept(properties);
        RatisProperties.keepIn(properties, new File(groups, "none-yet"), new File(groups, "removed"));
        RaftServer built = RaftServer.newBuilder()
                .setServerId(RatisNames.id(settings.self().id()))
                .setProperties(properties)
                .setParameters(transport.parameters())
                .setStateMachineRegistry(this::machine)
                .build();
        RatisProperties.keepIn(properties, groups, new File(groups, "removed"));
        ParallelGroupOpening.letOpen(built);
        return built;
    }

    private void detectUncleanShutdown() throws IOException {
        if (lastRun.wasCutShort()) {
            RaftLogFiles.markAllTruncated(
                    settings.folder(),
                    "its machine went down or its disk failed while the node was running; the last that it wrote may be gone");
        }
        lastRun.begin(settings.durability() == Durability.PROCESS);
    }

    /** The counts of the checkpoints of this node's replicas. */
    public Checkpointer.Tally checkpoints() {
        return checkpoints.tally();
    }

    private void advanceWatermarks() {
        watermarks.schedule(WATERMARK_NANOS, this::advanceWatermarks);
        replicas.values().forEach(RatisReplica::advanceWatermark);
    }

    private void watchDisks() {
        loop.schedule(settings.electionTimeout().toNanos() / LOOKS_AN_ELECTION, this::watchDisks);
        replicas.values().forEach(RatisReplica::watchDisk);
    }

    private StateMachine machine(RaftGroupId group) {
        return Objects.requireNonNull(
                Objects.requireNonNull(replicas.get(group)).applying());
    }

    private void failed(IOException fault) {
        if (!closed && failed.compareAndSet(false, true)) {
            diskFailed.accept(fault);
        }
    }

    /** Returns before the replica is open: it is read from the disk beside others. */
    @Override
    public <E, R> ReplicatedLog<E, R> open(int group, List<NodeId> replicas, LogMachine<E, R> machine) {
        EventLoop opens = opening.get(Math.floorMod(group, opening.size()));
        var context = new RatisReplica.Context(
                settings,
                server,
                transport,
                client,
                contacts,
                () -> members,
                loop,
                opens,
                checkpointing,
                checkpoints,
                this::failed,
                graft);
        RatisReplica replica = new RatisReplica(context, group, replicas, machine);
        if (this.replicas.putIfAbsent(replica.id(), replica) != null) {
            throw new IllegalStateException("The replica of group " + group + " is open already");
        }
        replica.open();
        return replica.log();
    }

    @Override
    public void members(List<Member> now) {
        members = List.copyOf(now);
        transport.members(members);
    }

    @Override
    public boolean stores(int group) {
        return files(group).exist();
    }

    private RaftLogFiles files(int group) {
        String folder = RatisNames.groupId(settings.cluster(), group).getUuid().toString();
        return new RaftLogFiles(settings.folder(), folder, RatisReplica.label(group));
    }

    @Override
    public CompletableFuture<Void> remove(int group) {
        RaftGroupId id = RatisNames.groupId(settings.cluster(), group);
        RatisReplica<?, ?> replica = replicas.get(id);
        if (replica != null) {
            return replica.erase(watermarks).thenRun(() -> replicas.remove(id, replica));
        }
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        files(group).delete();
                        Folders.delete(settings.checkpoints().resolve(RatisReplica.label(group)));
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                opening.get(Math.floorMod(group, opening.size()))::execute);
    }

    @Override
    public void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
        if (closed) {
            answer.accept(Reply.Refused.of(Status.NO_LEADER, "The logs of this node are closed"));
        } else {
            transport.serve(message, answer);
        }
    }

    @Override
    public List<ReplicaStatus> replicas() {
        return replicas.values().stream()
                .map(RatisReplica::status)
                .sorted(Comparator.comparingInt(ReplicaStatus::group))
                .toList();
    }

    @Override
    public void recover(int group, long term, boolean mayCampaign, Consumer<Reply> answer) {
        RatisReplica replica = replicas.get(RatisNames.groupId(settings.cluster(), group));
        if (replica == null) {
            answer.accept(Reply.Refused.of(Status.INVALID, "There is no replica of group " + group + " here"));
        } else {
            replica.recovery().recover(term, mayCampaign, answer);
        }
    }

    /** Takes as many as there is time for: what is missing is replayed at the next start. */
    private void takeLastCheckpoints() {
        long from = checkpoints.time().nanos();
        for (RatisReplica replica : replicas.values()) {
            if (checkpoints.time().nanos() - from < LAST_CHECKPOINTS_NANOS) {
                replica.takeLastCheckpoint();
            }
        }
    }

    /** Waits ten seconds at most. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        checkpoints.pace().hurry();
        replicas.values().forEach(replica -> replica.stop(new IOException("The node is closed")));
        EventLoop closing = EventLoop.threaded("raft-" + settings.self().id() + "-close");
        CompletableFuture<Void> done = new CompletableFuture<>();
        closing.execute(() -> {
            try {
                loop.close();
                watermarks.close();
                watch.close();
                server.close();
                if (syncer != null) {
                    syncer.close();
                }
                opening.forEach(EventLoop::close); // what they are at fails now
                checkpointing.close();
                takeLastCheckpoints();
                if (failed.get()) {
                    lastRun.doubt();
                } else {
                    lastRun.end();
                }
                done.complete(null);
            } catch (IOException | RuntimeException failure) {
                done.completeExceptionally(failure);
            } finally {
                closing.close(); // also when nobody waits any more
            }
        });
        try {
            done.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            LOG.error(
                    "Ratis of node {} was not closed within {} s; its threads are left running",
                    settings.self().id(),
                    CLOSE_SECONDS);
        } catch (ExecutionException failure) {
            LOG.warn("Closing Ratis of node {} failed", settings.self().id(), failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
