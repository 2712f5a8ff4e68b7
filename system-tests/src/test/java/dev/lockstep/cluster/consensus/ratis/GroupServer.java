package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.CheckpointPiece;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.consensus.ratis.graft.RatisGraft;
import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import dev.lockstep.cluster.consensus.ratis.log.LogSyncer;
import dev.lockstep.cluster.consensus.ratis.transport.AlwaysGrantingElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.CheckpointSource;
import dev.lockstep.cluster.consensus.ratis.transport.ElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.LinkTransport;
import dev.lockstep.cluster.consensus.ratis.transport.PendingInstall;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.consensus.ratis.transport.ReplicaTransport;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.EventLoopPool;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Request;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.FileUtils;
import org.jspecify.annotations.Nullable;

/**
 * One Ratis server on the product's transport and with its logs, which hosts the groups that a test adds to it. Unlike a node, it
 * repairs no replica, and lets every replica vote: what happens to a replica is Ratis' doing.
 */
final class GroupServer implements AutoCloseable {

    private static final int WRITING_THREADS = 3;
    private static final long ANSWERED_WITHIN_SECONDS = 30;

    private final RatisSettings settings;
    private final LeaderContacts contacts = new LeaderContacts(Time.system());
    private final Map<RaftGroupId, Replica> replicas = new ConcurrentHashMap<>();
    private final ClientId client = ClientId.randomId();
    private final NettyLinks links;
    private final LogSyncer syncer;
    private final EventLoop checkpointing;
    private final @Nullable RatisGraft graft;
    private final RaftServer server;
    private final ReplicaTransport transport;
    private final NettyListener listener;

    /** A replica of a group, from before it is opened. */
    private final class Replica extends AlwaysGrantingElectionGate implements RatisLog.Replica {

        private final RecordingMachine machine = new RecordingMachine();
        private final ReplicaCheckpoints checkpoints;
        private final RatisStateMachine applying;
        private final RatisLog<byte[], RecordingMachine.Entry> log;
        private volatile boolean open;

        Replica(RaftGroupId group) {
            String name = group + " on " + settings.self().id();
            var context = new ReplicaCheckpoints.Context(
                    settings.checkpoints(),
                    checkpointing,
                    DutyCycle.full(),
                    Time.system(),
                    settings.checkpointInterval(),
                    (peer, of, folder, restorations, least, progress) ->
                            transport.fetch(peer, of, folder, restorations, least, progress),
                    new Checkpointer.Tally());
            checkpoints = new ReplicaCheckpoints(name, 0, group.getUuid().toString(), machine, context);
            applying = new RatisStateMachine(name, machine, checkpoints, () -> {}, fault -> {}, closed -> {}, graft);
            log = new RatisLog<>(machine, List.of(), contacts.of(group), settings.maxEntryBytes(), Runnable::run, this);
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void transferLeadership(@Nullable NodeId successor) {
            throw new UnsupportedOperationException("Tests ask the server");
        }

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            throw new UnsupportedOperationException("Tests ask the server");
        }

        @Override
        public void loseState(String cause) {
            throw new UnsupportedOperationException("Tests remove the replica and its files");
        }

        @Override
        public void remove() {
            throw new UnsupportedOperationException("Tests ask the server");
        }
    }

    private final class HostedCheckpoints implements CheckpointSource {

        @Override
        public @Nullable CheckpointPiece piece(RaftGroupId group, Wanted wanted) throws IOException {
            Replica of = replicas.get(group);
            return of == null ? null : of.checkpoints.taking().piece(wanted);
        }

        @Override
        public @Nullable PendingInstall pendingInstall(RaftGroupId group) {
            Replica of = replicas.get(group);
            return of == null ? null : of.checkpoints.pendingInstall();
        }
    }

    /**
     * @param harm wraps its links to the other servers
     * @param further settings of Ratis
     * @param opensWhatItFinds whether Ratis opens the groups of its folder when it is built, as it does if nobody prevents it
     */
    GroupServer(
            RatisSettings settings,
            UnaryOperator<Links> harm,
            Consumer<RaftProperties> further,
            boolean opensWhatItFinds)
            throws IOException {
        ExitUtils.disableSystemExit();
        this.settings = settings;
        String id = settings.self().id().name();
        NodeIdentity self = NodeIdentity.untold(settings.self().id());
        this.links = new NettyLinks(settings.cluster(), () -> self, Duration.ofSeconds(1), 10_000, null);
        this.syncer = new LogSyncer(EventLoop.threaded("raft-" + id + "-sync"), false);
        this.checkpointing = EventLoop.threaded("checkpoints-" + id);
        var writing = new EventLoopPool("raft-" + id + "-writes", WRITING_THREADS);
        this.graft = settings.raftLog() == RaftLogKind.DIRECT
                ? RatisGraft.of(new DirectRaftLog.Context(LogDisk.SYSTEM, syncer, writing::open, Time.system()))
                : null;
        this.server = server(harm.apply(links), further, opensWhatItFinds);
        this.transport = LinkTransport.of(server);
        server.start();
        this.listener = new NettyListener(
                settings.self().host(),
                settings.self().port(),
                settings.cluster(),
                () -> self,
                16 << 20,
                this::connect,
                null);
    }

    /** Tells the server the members of the cluster. */
    void members(List<Member> now) {
        transport.members(now);
    }

    private RaftServer server(Links to, Consumer<RaftProperties> further, boolean opensWhatItFinds) throws IOException {
        File folder = Files.createDirectories(settings.folder()).toFile();
        File removed = new File(folder, "removed");
        RaftProperties properties = RatisProperties.of(settings);
        RaftConfigKeys.Rpc.setType(properties, new LinkTransport());
        RatisProperties.keepIn(properties, opensWhatItFinds ? folder : new File(folder, "none-yet"), removed);
        further.accept(properties);
        var context = new LinkTransport.Context(
                to,
                contacts,
                settings.electionTimeout(),
                Time.system(),
                Entropy.system(),
                this::gate,
                new HostedCheckpoints(),
                ByteRate.unlimited());
        RaftServer built = RaftServer.newBuilder()
                .setServerId(RatisNames.id(settings.self().id()))
                .setProperties(properties)
                .setParameters(LinkTransport.parameters(context))
                .setStateMachineRegistry(group -> replicas.computeIfAbsent(group, Replica::new).applying)
                .build();
        RatisProperties.keepIn(properties, folder, removed);
        return built;
    }

    private @Nullable ElectionGate gate(RaftGroupId group) {
        return replicas.get(group);
    }

    private RequestServer.Connection connect(Identity peer, RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                transport.serve(((Request.ToLog) request).message(), reply -> replies.send(correlationId, reply));
            }

            @Override
            public void closed() {}
        };
    }

    // Groups

    /** Opens a replica, on what it left behind, and waits for that. */
    void add(RaftGroupId group, List<RaftPeer> peers) throws Exception {
        RaftClientReply reply = answered(tryToAdd(group, peers));
        if (!reply.isSuccess()) {
            throw reply.getException();
        }
        opened(group);
    }

    /** Opens a replica. */
    CompletableFuture<RaftClientReply> tryToAdd(RaftGroupId group, List<RaftPeer> peers) {
        return server.groupManagementAsync(GroupManagementRequest.newAdd(
                client, server.getId(), CallId.getAndIncrement(), RaftGroup.valueOf(group, peers), false));
    }

    /** Lets a replica that Ratis has opened take part. */
    void opened(RaftGroupId group) throws IOException {
        Replica replica = replicas.get(group);
        replica.log.opened(server.getDivision(group), replica.applying);
        replica.open = true;
    }

    /**
     * Closes a replica, and waits for that.
     *
     * @param withFiles whether it leaves nothing behind
     */
    void remove(RaftGroupId group, boolean withFiles) throws Exception {
        Replica replica = replicas.remove(group);
        replica.applying.stop(new IOException("The replica is removed"));
        RaftClientReply reply = answered(server.groupManagementAsync(GroupManagementRequest.newRemove(
                client, server.getId(), CallId.getAndIncrement(), group, withFiles, false)));
        if (!reply.isSuccess()) {
            throw reply.getException();
        }
        if (withFiles) { // these Ratis doesn't know
            FileUtils.deleteFully(replica.checkpoints.folder());
        }
    }

    static RaftClientReply answered(CompletableFuture<RaftClientReply> reply) throws Exception {
        return reply.get(ANSWERED_WITHIN_SECONDS, TimeUnit.SECONDS);
    }

    // Questions

    RaftServer server() {
        return server;
    }

    ClientId client() {
        return client;
    }

    RaftServer.Division division(RaftGroupId group) throws IOException {
        return server.getDivision(group);
    }

    RatisLog<byte[], RecordingMachine.Entry> log(RaftGroupId group) {
        return replicas.get(group).log;
    }

    RecordingMachine machine(RaftGroupId group) {
        return replicas.get(group).machine;
    }

    /** Returns the folder of a replica's files. */
    Path folder(RaftGroupId group) {
        return settings.folder().resolve(group.getUuid().toString());
    }

    @Override
    public void close() {
        replicas.values().forEach(replica -> replica.applying.stop(new IOException("The server is closed")));
        try {
            server.close();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        } finally {
            syncer.close();
            checkpointing.close();
            listener.close();
            links.close();
        }
    }
}
