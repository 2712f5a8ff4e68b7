package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.BytesMachine;
import dev.lockstep.cluster.consensus.ratis.transport.AlwaysGrantingElectionGate;
import dev.lockstep.cluster.consensus.ratis.transport.LeaderContacts;
import dev.lockstep.cluster.consensus.ratis.transport.LinkTransport;
import dev.lockstep.cluster.consensus.ratis.transport.NoCheckpoints;
import dev.lockstep.cluster.consensus.ratis.transport.RatisNames;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.cluster.readindex.ReadIndexRounds;
import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.jspecify.annotations.Nullable;

/**
 * A node that keeps one number in one Raft group, and reads it either way: confirmed by our read rounds, or by the
 * LINEARIZABLE option of Ratis. The log, the network and the election time-outs are the same for both. Arguments: its id, its
 * folder, the port for commands, and for each member as it sees it {@code id:port}.
 */
public final class RegisterNode implements BytesMachine<Long> {

    static final char WRITE = 'W';
    /** As {@link #WRITE}, but answered before it is committed. */
    static final char PROPOSE = 'P';

    static final char READ_BY_OUR_ROUND = 'O';
    static final char READ_BY_RATIS = 'R';

    private static final String CLUSTER = "register";
    private static final int GROUP = 0;
    private static final Duration ELECTION = Duration.ofMillis(300);
    private static final long PATIENCE_MILLIS = 3_000;

    private final RaftServer server;
    private final RaftServer.Division division;
    private final RatisLog<byte[], Long> log;
    private final ReadIndexRounds rounds;
    private final ClientId client = ClientId.randomId();
    private volatile long value;

    private RegisterNode(NodeId self, Path folder, List<MemberPorts> members) throws Exception {
        List<Member> raft = RaftMember.members(members);
        Member own =
                raft.stream().filter(one -> one.id().equals(self)).findFirst().orElseThrow();
        RatisSettings settings = RaftMember.settings(CLUSTER, own, raft, folder, ELECTION);
        RaftGroupId id = RatisNames.groupId(CLUSTER, GROUP);
        NettyLinks links = new NettyLinks(CLUSTER, NodeIdentity.untold(self), Duration.ofSeconds(1), 10_000);
        LeaderContacts contacts = new LeaderContacts(Time.system());
        RatisStateMachine applying = new RatisStateMachine(
                "register on " + self,
                this,
                new ReplicaCheckpoints(
                        "register",
                        GROUP,
                        "register",
                        this,
                        new ReplicaCheckpoints.Context(
                                settings.checkpoints(),
                                EventLoop.threaded("checkpoints"),
                                DutyCycle.full(),
                                Time.system(),
                                settings.checkpointInterval(),
                                (peer, raftGroup, into, restorations, least, progress) ->
                                        CompletableFuture.failedFuture(new IOException("It has none")),
                                new Checkpointer.Tally())),
                () -> {},
                fault -> {},
                closed -> {},
                null);
        File groups = Files.createDirectories(folder).toFile();
        RaftProperties properties = RatisProperties.of(settings);
        RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftConfigKeys.Rpc.setType(properties, new LinkTransport());
        RatisProperties.keepIn(properties, groups, new File(groups, "removed"));
        this.server = RaftServer.newBuilder()
                .setServerId(RatisNames.id(self))
                .setProperties(properties)
                .setParameters(LinkTransport.parameters(new LinkTransport.Context(
                        links,
                        contacts,
                        ELECTION,
                        Time.system(),
                        Entropy.system(),
                        group -> new AlwaysGrantingElectionGate(),
                        new NoCheckpoints(),
                        ByteRate.unlimited())))
                .setStateMachineRegistry(group -> applying)
                .build();
        server.start();
        var all = raft.stream().map(Member::id).toList();
        server.groupManagement(GroupManagementRequest.newAdd(
                client, server.getId(), CallId.getAndIncrement(), RatisNames.group(id, all, raft), false));
        this.division = server.getDivision(id);
        this.log = new RatisLog<>(this, all, contacts.of(id), settings.maxEntryBytes(), Runnable::run, new NoReplica());
        log.opened(division, applying);
        this.rounds = new ReadIndexRounds(self, peers(links, members), Time.system(), Duration.ofSeconds(10));
    }

    /** A replica that is neither handed over nor removed. */
    private static final class NoReplica implements RatisLog.Replica {

        @Override
        public void transferLeadership(@Nullable NodeId successor) {}

        @Override
        public CompletableFuture<Void> changeVoters(Set<NodeId> from, Set<NodeId> to) {
            return CompletableFuture.failedFuture(new UnsupportedOperationException());
        }

        @Override
        public void loseState(String cause) {}

        @Override
        public void remove() {}
    }

    /** The other nodes over their links, as a node has them. */
    private static TermConfirmations peers(NettyLinks links, List<MemberPorts> members) {
        Map<NodeId, Member> byId = members.stream()
                .map(member -> new Member(new NodeId(member.id()), "127.0.0.1", member.port()))
                .collect(Collectors.toMap(Member::id, member -> member));
        return (peer, request, answer) -> links.to(byId.get(peer)).send(request, new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                answer.accept(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                answer.accept(null);
            }
        });
    }

    public static void main(String[] arguments) throws Exception {
        NodeId self = new NodeId(arguments[0]);
        List<MemberPorts> members = Stream.of(arguments)
                .skip(3)
                .map(text -> text.split(":"))
                .map(part -> new MemberPorts(part[0], Integer.parseInt(part[1])))
                .toList();
        RegisterNode node = new RegisterNode(self, Path.of(arguments[1]), members);
        int port = members.stream()
                .filter(member -> member.id().equals(self.name()))
                .findFirst()
                .orElseThrow()
                .port();
        try (NettyListener confirming = new NettyListener(
                        "127.0.0.1", port, CLUSTER, NodeIdentity.untold(self), 16 << 20, node.requests());
                ServerSocket commands =
                        new ServerSocket(Integer.parseInt(arguments[2]), 50, InetAddress.getLoopbackAddress())) {
            EventLoop loop = EventLoop.threaded("ticks");
            node.tick(loop);
            System.out.println("listening " + confirming);
            while (true) {
                Socket socket = commands.accept();
                Thread serving = new Thread(() -> node.serve(socket));
                serving.setDaemon(true);
                serving.start();
            }
        }
    }

    private void tick(EventLoop loop) {
        rounds.tick();
        loop.schedule(TimeUnit.MILLISECONDS.toNanos(20), () -> tick(loop));
    }

    /** Tells whether terms are current, and serves Raft, as a node does. */
    private RequestServer requests() {
        return (peer, replies) -> new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                if (request instanceof Request.ToLog toLog) {
                    LinkTransport.of(server).serve(toLog.message(), reply -> replies.send(correlationId, reply));
                    return;
                }
                var asked = ((Request.ConfirmTerms) request).terms();
                replies.send(
                        correlationId,
                        new Reply.TermsConfirmed(asked.stream()
                                .map(term -> log.leadership().term() == term.term())
                                .toList()));
            }

            @Override
            public void closed() {}
        };
    }

    /** Commands of one byte and a number; answers of one boolean (it was done) and a number. */
    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                char command = (char) in.readByte();
                long number = in.readLong();
                Long answer = done(command, number);
                out.write(ByteBuffer.allocate(9)
                        .put((byte) (answer == null ? 0 : 1))
                        .putLong(answer == null ? 0 : answer)
                        .array());
            }
        } catch (EOFException gone) {
            return;
        } catch (IOException failure) {
            System.out.println("A connection failed: " + failure);
        }
    }

    private @Nullable Long done(char command, long number) {
        try {
            CompletableFuture<Long> answer = switch (command) {
                case WRITE -> log.propose(ByteBuffer.allocate(8).putLong(number).array());
                case PROPOSE -> {
                    log.propose(ByteBuffer.allocate(8).putLong(number).array());
                    yield CompletableFuture.completedFuture(number);
                }
                case READ_BY_OUR_ROUND -> confirmed();
                case READ_BY_RATIS -> readByRatis();
                default -> throw new IllegalArgumentException("No command " + command);
            };
            return answer.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException refused) {
            return null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private CompletableFuture<Long> confirmed() {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        rounds.confirm(GROUP, log, new ReadIndexRounds.Reader() {
            @Override
            public void confirmed(long commitPosition) {
                answer.complete(value);
            }

            @Override
            public void refused(Status why) {
                answer.completeExceptionally(new IllegalStateException(why.toString()));
            }
        });
        return answer;
    }

    /** Ratis answers once its read index has been applied; then the number is read. */
    private CompletableFuture<Long> readByRatis() {
        if (!division.getInfo().isLeader()) {
            return CompletableFuture.failedFuture(new IllegalStateException("not the leader"));
        }
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(division.getId())
                .setGroupId(division.getMemberId().getGroupId())
                .setCallId(CallId.getAndIncrement())
                .setMessage(Message.EMPTY)
                .setType(RaftClientRequest.readRequestType())
                .build();
        try {
            return ((RaftClientAsynchronousProtocol) division)
                    .submitClientRequestAsync(request)
                    .thenApply(this::valueIfSuccessful);
        } catch (IOException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private long valueIfSuccessful(RaftClientReply reply) {
        if (!reply.isSuccess()) {
            throw new IllegalStateException(reply.getException());
        }
        return value;
    }

    @Override
    public Long apply(long position, byte[] entry) {
        value = ByteBuffer.wrap(entry).getLong();
        return value;
    }

    @Override
    public Image image() {
        throw new UnsupportedOperationException("Its settings ask for no checkpoint");
    }

    @Override
    public Restoration restoration() {
        throw new UnsupportedOperationException("There is no checkpoint");
    }

    @Override
    public void leadershipChanged() {}
}
