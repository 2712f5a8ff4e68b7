package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
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
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's replicas of Raft groups, on one Ratis server. Thread-safe. */
public final class RatisConsensus implements Consensus {

    private static final Logger LOG = LoggerFactory.getLogger(RatisConsensus.class);
    private static final long OPEN_SECONDS = 60;
    private static final long CLOSE_SECONDS = 10;
    private static final long LAST_CHECKPOINTS_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final RatisSettings settings;
    private final LeaderContacts contacts;
    private final Map<RaftGroupId, RatisStateMachine> machines = new ConcurrentHashMap<>();
    private final ClientId client = ClientId.randomId();
    private final EventLoop loop;
    private final EventLoop checkpointing;
    private final ReplicaCheckpoints.Means means;
    private final Consumer<IOException> diskFailed;
    private final AtomicBoolean failed = new AtomicBoolean();
    private final DiskWatch watch;
    private final RaftServer server;
    private volatile boolean closed;

    /**
     * Has no groups yet: they come with {@link #open}.
     *
     * @param links to the other members; they stay open when this is closed
     * @param diskFailed told once, on any thread, when the logs can't be written any more; must not block. All replicas are to
     *     be closed then: some may go on, but none can be relied on
     * @throws IOException when the folder can't be used
     */
    public RatisConsensus(RatisSettings settings, Links links, Time time, Consumer<IOException> diskFailed)
            throws IOException {
        this(settings, links, time, diskFailed, properties -> {});
    }

    /** @param further settings of Ratis */
    RatisConsensus(
            RatisSettings settings,
            Links links,
            Time time,
            Consumer<IOException> diskFailed,
            Consumer<RaftProperties> further)
            throws IOException {
        this(
                settings,
                new LeaderContacts(time),
                contacts -> {
                    LinkTransport.Votes votes = group -> keepVote(settings, group);
                    var wires = new LinkTransport.Wires(links, contacts, settings.electionTimeout(), time, votes);
                    return new Transport(
                            properties -> {
                                RaftConfigKeys.Rpc.setType(properties, new LinkTransport());
                                further.accept(properties);
                            },
                            LinkTransport.parameters(wires));
                },
                time,
                diskFailed);
    }

    /** How Ratis' servers reach each other: what it adds to Ratis' settings, and what Ratis hands to it. */
    record Transport(Consumer<RaftProperties> settings, Parameters parameters) {}

    RatisConsensus(
            RatisSettings settings,
            LeaderContacts contacts,
            Function<LeaderContacts, Transport> transport,
            Time time,
            Consumer<IOException> diskFailed)
            throws IOException {
        this.settings = settings;
        this.contacts = contacts;
        this.diskFailed = diskFailed;
        // Whether a fault ends the JVM, which may be an application's, is for nobody below the node to decide.
        ExitUtils.disableSystemExit();
        this.server = server(transport.apply(contacts));
        this.loop = EventLoop.threaded("raft-" + settings.self().id());
        this.checkpointing = EventLoop.threaded("checkpoints-" + settings.self().id());
        this.means = new ReplicaCheckpoints.Means(
                settings.checkpoints(), checkpointing, time, settings.checkpointInterval());
        this.watch = new DiskWatch(settings, time, loop, this::failed);
        try {
            server.start();
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Ratis starts all groups that it finds in its folder when it is built, before there are machines to apply their logs.
     * So it is built on a folder that does not exist, and shown the true one afterwards; each group is recovered when it is
     * added.
     */
    private RaftServer server(Transport transport) throws IOException {
        File groups = Files.createDirectories(settings.folder()).toFile();
        RaftProperties properties = LeanProperties.of(settings);
        transport.settings().accept(properties);
        LeanProperties.keepIn(properties, new File(groups, "none-yet"), new File(groups, "removed"));
        RaftServer built = RaftServer.newBuilder()
                .setServerId(Peers.id(settings.self().id()))
                .setProperties(properties)
                .setParameters(transport.parameters())
                .setStateMachineRegistry(machines::get)
                .build();
        LeanProperties.keepIn(properties, groups, new File(groups, "removed"));
        return built;
    }

    private void failed(IOException fault) {
        if (!closed && failed.compareAndSet(false, true)) {
            diskFailed.accept(fault);
        }
    }

    /**
     * Ratis writes a vote to a file, syncs that and renames it, but not the folder: after a power cut the vote before could be
     * there again, and the node vote twice in a term.
     */
    private static void keepVote(RatisSettings settings, RaftGroupId group) throws IOException {
        if (settings.durability() == Durability.DISK) {
            try (FileChannel folder = FileChannel.open(current(settings, group), StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
    }

    /** Where Ratis keeps a group's log and vote. */
    private static Path current(RatisSettings settings, RaftGroupId group) {
        return settings.folder().resolve(group.getUuid().toString()).resolve("current");
    }

    @Override
    public ReplicatedLog open(int group, List<NodeId> replicas, LogMachine machine) {
        RaftGroupId id = Peers.groupId(settings.cluster(), group);
        RaftGroup raftGroup = Peers.group(id, replicas, settings.members());
        String name = "group " + group + " on " + settings.self().id();
        var checkpoints = new ReplicaCheckpoints(name, group, machine, means);
        RatisStateMachine applying = new RatisStateMachine(name, machine, checkpoints, () -> remove(id), this::failed);
        if (machines.putIfAbsent(id, applying) != null) {
            throw new IllegalStateException("The replica of " + name + " is open already");
        }
        try {
            TornTail.cutOff(current(settings, id));
            // Not formatting means: recover if there is something, in which case its own configuration holds.
            await(
                    "opening " + name + " in " + settings.folder(),
                    server.groupManagementAsync(GroupManagementRequest.newAdd(
                            client, server.getId(), CallId.getAndIncrement(), raftGroup, false)));
            requireNoGap(name, server.getDivision(id), applying);
            return new RatisLog(
                    server.getDivision(id),
                    applying,
                    contacts.of(id),
                    settings.maxEntryBytes(),
                    loop,
                    successor -> transfer(id, successor),
                    () -> remove(id));
        } catch (IOException failure) {
            machines.remove(id);
            throw new UncheckedIOException(failure);
        } catch (RuntimeException failure) {
            machines.remove(id);
            throw failure;
        }
    }

    /** Ratis would wait for the missing entries for ever, and say nothing. */
    private void requireNoGap(String name, RaftServer.Division division, RatisStateMachine machine) {
        long start = division.getRaftLog().getStartIndex();
        if (start > machine.startedFrom() + 1) {
            throw new IllegalStateException(
                    "The log of " + name + " begins at position " + start
                            + ", but there is no checkpoint up to there: the newest in " + settings.checkpoints()
                            + " ends at " + machine.startedFrom()
                            + ". Put the checkpoint back, or empty this node's data folder while all the others are up and well");
        }
    }

    @Override
    public void serve(NodeId from, Bytes message, Consumer<Reply> answer) {
        if (closed || !(server.getServerRpc() instanceof LinkRpc rpc)) {
            answer.accept(Reply.Refused.of(Status.NO_LEADER, "The logs of this node are closed"));
        } else {
            rpc.serve(message, answer);
        }
    }

    private static void await(String what, CompletableFuture<RaftClientReply> reply) {
        try {
            RaftClientReply answered = reply.get(OPEN_SECONDS, TimeUnit.SECONDS);
            if (!answered.isSuccess()) {
                throw failed(what, answered.getException());
            }
        } catch (ExecutionException failure) {
            throw failed(what, failure.getCause());
        } catch (TimeoutException late) {
            throw new IllegalStateException("Gave up " + what + " after " + OPEN_SECONDS + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted " + what, interrupted);
        }
    }

    private static IllegalStateException failed(String what, Throwable cause) {
        return new IllegalStateException("Failed " + what + ": " + DiskWatch.reason(cause), cause);
    }

    /** Ratis gives up a transfer that has not come about within the time-out of a request. */
    private void transfer(RaftGroupId group, @Nullable NodeId successor) {
        loop.execute(() -> {
            try {
                server.transferLeadershipAsync(new TransferLeadershipRequest(
                                client,
                                server.getId(),
                                group,
                                CallId.getAndIncrement(),
                                successor == null ? null : Peers.id(successor),
                                3 * settings.electionTimeout().toMillis()))
                        .whenComplete((reply, failure) -> {
                            if (failure != null || !reply.isSuccess()) {
                                LOG.warn(
                                        "Leadership of {} was not handed to {}: {}",
                                        group,
                                        successor == null ? "another" : successor,
                                        String.valueOf(failure == null ? reply.getException() : failure));
                            }
                        });
            } catch (IOException | RuntimeException failure) {
                LOG.warn("Leadership of {} was not handed over", group, failure);
            }
        });
    }

    /**
     * Takes a replica that has stopped out of the server; its files stay. On a thread of its own, because Ratis waits for
     * the threads of the replica, of which the caller may be one.
     */
    private void remove(RaftGroupId group) {
        loop.execute(() -> {
            try {
                server.groupManagementAsync(GroupManagementRequest.newRemove(
                                client, server.getId(), CallId.getAndIncrement(), group, false, false))
                        .whenComplete((reply, failure) -> checkpointing.execute(() -> forget(group)));
            } catch (RuntimeException failure) {
                LOG.warn("The replica of {} was not taken out", group, failure);
            }
        });
    }

    private void forget(RaftGroupId group) {
        RatisStateMachine machine = machines.get(group);
        if (machine != null) {
            machine.takeLastCheckpoint();
            machines.remove(group);
        }
    }

    /** As many as there is time for: what is missing is replayed at the next start. */
    private void takeLastCheckpoints() {
        long from = means.time().nanos();
        for (RatisStateMachine machine : machines.values()) {
            if (means.time().nanos() - from < LAST_CHECKPOINTS_NANOS) {
                machine.takeLastCheckpoint();
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
        machines.values().forEach(machine -> machine.stop(new IOException("The node is closed")));
        EventLoop closing = EventLoop.threaded("raft-" + settings.self().id() + "-close");
        CompletableFuture<Void> done = new CompletableFuture<>();
        closing.execute(() -> {
            try {
                loop.close();
                watch.close();
                server.close();
                checkpointing.close();
                takeLastCheckpoints();
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
            LOG.error("Ratis was not closed after {} s; its threads are left behind", CLOSE_SECONDS);
        } catch (ExecutionException failure) {
            LOG.warn("Ratis was not closed properly", failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
