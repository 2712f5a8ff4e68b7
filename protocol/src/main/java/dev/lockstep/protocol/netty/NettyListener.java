package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.HalfOpenConnections.HalfOpen;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramServer;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.FrameCodec.Frame;
import dev.lockstep.protocol.wire.FrameTooLargeException;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.DecoderException;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens at a port, shakes hands, and hands requests to a {@link RequestServer}. A frame that is no request is
 * answered with a typed refusal, and the connection is closed. Thread-safe.
 */
public final class NettyListener implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NettyListener.class);
    private static final AttributeKey<HalfOpen> HALF_OPEN = AttributeKey.valueOf("lockstep-half-open");

    /** From the first byte of TLS to the welcome. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(10);
    /** Whatever was wrong with a log-in: more would tell a stranger which users there are. */
    private static final String LOG_IN_REFUSED = "The user or the password is wrong";
    /** The most bytes that a peer may leave unread; beyond them its subscriptions are paused. */
    private static final long MAX_UNREAD_BYTES = 1024 * 1024;

    private final String cluster;
    private final Supplier<NodeIdentity> self;
    private final NodeId node;
    private final ConnectedNodes nodes;
    private final RepeatedLog log = new RepeatedLog(Time.system());
    private final FailedLogIns failures = new FailedLogIns(Time.system());
    private final int maxFrameBytes;
    private final RequestServer server;
    private final @Nullable Encryption encryption;
    private final Duration handshake;
    private final HalfOpenConnections halfOpen = new HalfOpenConnections();
    private final EventLoopGroup loops;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listening;

    /**
     * Starts to listen.
     *
     * @param port 0 for any that is free
     * @throws IOException when the address can't be bound, naming it
     */
    public NettyListener(
            String host, int port, String cluster, NodeIdentity self, int maxFrameBytes, RequestServer server)
            throws IOException {
        this(host, port, cluster, () -> self, maxFrameBytes, server, null);
    }

    /**
     * The encryption of the connections.
     *
     * @param isNode tells whether a certificate with these names may be that of a node
     * @param logins the passwords that are accepted
     */
    public record Encryption(Tls tls, BiPredicate<NodeId, List<String>> isNode, Logins logins) {

        /** Without passwords. */
        public Encryption(Tls tls, BiPredicate<NodeId, List<String>> isNode) {
            this(tls, isNode, Logins.NONE);
        }
    }

    /** Creates a listener whose connections are encrypted; null for not at all. */
    public NettyListener(
            String host,
            int port,
            String cluster,
            Supplier<NodeIdentity> self,
            int maxFrameBytes,
            RequestServer server,
            @Nullable Encryption encryption)
            throws IOException {
        this(host, port, cluster, self, maxFrameBytes, server, encryption, HANDSHAKE);
    }

    /** @param handshake the time that a peer has until it is welcome */
    NettyListener(
            String host,
            int port,
            String cluster,
            Supplier<NodeIdentity> self,
            int maxFrameBytes,
            RequestServer server,
            @Nullable Encryption encryption,
            Duration handshake)
            throws IOException {
        this.cluster = cluster;
        this.self = self;
        this.node = self.get().id();
        this.nodes = new ConnectedNodes(self, Time.system());
        this.maxFrameBytes = maxFrameBytes;
        this.server = server;
        this.encryption = encryption;
        this.handshake = handshake;
        this.loops = Transport.loops("lockstep-server-" + node, 2);
        var bind = new ServerBootstrap()
                .group(loops)
                .channelFactory(DirectSocket.Server::new)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .handler(new Admission())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                        begin(accepted);
                    }
                })
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bind.isSuccess()) {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException(
                    "Node " + node + " can't listen on " + host + ":" + port + ": " + cause(bind.cause()),
                    bind.cause());
        }
        listening = bind.channel();
    }

    /** The JDK's exception for an unknown host has no message of its own. */
    private static String cause(Throwable failure) {
        return failure instanceof UnresolvedAddressException || failure instanceof UnknownHostException
                ? "no machine of that name is known here"
                : String.valueOf(failure.getMessage());
    }

    /** Refuses connections before anything is done for them. It is the one handler of the listening channel, so in the order they come. */
    private final class Admission extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel accepted = (Channel) message;
            String address = HalfOpenConnections.address(accepted.remoteAddress());
            HalfOpen added = halfOpen.add(address, accepted::close);
            if (added == null) {
                log.say(
                        "half-open " + address,
                        "Refused " + accepted.remoteAddress() + ": " + HalfOpenConnections.MAX_OF_ADDRESS
                                + " connections of that address have not shaken hands yet",
                        LOG::info);
                accepted.unsafe().closeForcibly();
            } else {
                accepted.attr(HALF_OPEN).set(added);
                context.fireChannelRead(accepted);
            }
        }
    }

    private void begin(Channel accepted) {
        HalfOpen admitted = accepted.attr(HALF_OPEN).get();
        accepted.closeFuture().addListener(closed -> admitted.ended());
        if (encryption != null) {
            encryption.tls().accept(accepted);
        }
        initialize(accepted, admitted::ended);
    }

    /**
     * Makes a channel one of this listener's connections.
     *
     * @param welcomed called when it is welcome
     */
    void initialize(Channel accepted, Runnable welcomed) {
        connections.add(accepted);
        FrameDecoder decoder = new FrameDecoder();
        accepted.pipeline().addLast(decoder).addLast(new Inbound(accepted, decoder, welcomed));
    }

    /**
     * The connections of this listener that are not welcome yet.
     *
     * @param refused those that were closed since there were too many
     */
    public record HalfOpenCounts(int open, long refused) {}

    public HalfOpenCounts halfOpen() {
        return halfOpen.counts();
    }

    public int port() {
        SocketAddress address = listening.localAddress();
        return ((InetSocketAddress) address).getPort();
    }

    /** Stops listening and closes all connections. Idempotent. */
    @Override
    public void close() {
        listening.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }

    /** One peer's connection. */
    private final class Inbound extends SimpleChannelInboundHandler<byte[]> implements RequestServer.Replies {

        private final Channel channel;
        private final FrameDecoder decoder;
        private final FrameWriter writer;
        private final Runnable welcomed;
        private @Nullable ScheduledFuture<?> deadline;
        private ScramServer.@Nullable LogIn challenged;
        private RequestServer.@Nullable Connection connection;
        private ConnectedNodes.@Nullable Process process;
        /** Closing takes until what was read is worked off: none of that is listened to any more. */
        private boolean refused;

        Inbound(Channel channel, FrameDecoder decoder, Runnable welcomed) {
            this.channel = channel;
            this.decoder = decoder;
            this.welcomed = welcomed;
            this.writer = new FrameWriter(channel);
        }

        /** One deadline for all steps, whatever has been read: a byte now and then does not extend it. */
        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            deadline = context.executor()
                    .schedule(
                            () -> {
                                log.say(
                                        "unfinished " + address(),
                                        "Closed " + from() + ": it has not shaken hands within " + handshake.toSeconds()
                                                + " seconds",
                                        LOG::info);
                                context.close();
                            },
                            handshake.toNanos(),
                            TimeUnit.NANOSECONDS);
        }

        private void endDeadline() {
            if (deadline != null) {
                deadline.cancel(false);
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, byte[] body) {
            if (refused) {
                return;
            }
            Frame<Request> frame = FrameCodec.decodeRequest(body);
            if (process != null) {
                process.heard();
            }
            if (connection == null) {
                shakeHands(frame);
            } else {
                connection.serve(frame.correlationId(), frame.message());
            }
        }

        private void shakeHands(Frame<Request> frame) {
            if (challenged != null) {
                authenticate(frame, challenged);
            } else if (!(frame.message() instanceof Request.Hello hello)) {
                refuse(frame.correlationId(), Status.INVALID, "The first message must be a Hello");
            } else if (hello.minVersion() > FrameCodec.VERSION || hello.maxVersion() < FrameCodec.VERSION) {
                refuse(
                        frame.correlationId(),
                        Status.VERSION_MISMATCH,
                        "The node speaks protocol version " + FrameCodec.VERSION + ", the peer " + hello.minVersion()
                                + " to " + hello.maxVersion());
            } else if (!hello.cluster().equals(cluster)) {
                refuse(
                        frame.correlationId(),
                        Status.WRONG_CLUSTER,
                        isStranger()
                                ? "This is another cluster"
                                : "Node " + node + " belongs to cluster \"" + cluster + "\", the peer asked for \""
                                        + hello.cluster() + "\"");
            } else if (hello.login() != null) {
                challenge(frame.correlationId(), hello, hello.login());
            } else {
                admit(frame.correlationId(), hello.node());
            }
        }

        private void challenge(long correlationId, Request.Hello hello, Bytes clientFirst) {
            if (encryption == null) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "Node " + node + " has no \"tls\", and passwords are accepted over encrypted connections alone:"
                                + " give the nodes certificates, or the client no \"user\"");
                return;
            }
            if (hello.node() != null) {
                refuse(correlationId, Status.INVALID, "A node shows a certificate, and does not log in");
                return;
            }
            if (!encryption.logins().areKnown()) {
                refuse(correlationId, Status.BUSY, "This node does not know the users yet");
                return;
            }
            ScramServer.LogIn begun;
            try {
                begun = new ScramServer(encryption.logins().decoyKey(), Entropy.system())
                        .begin(clientFirst, encryption.logins()::verifier, Tls.binding(channel, true));
            } catch (ScramException malformed) {
                refuseLogIn(correlationId, "", malformed);
                return;
            }
            if (mayTry(correlationId, begun.user())) {
                challenged = begun;
                send(
                        correlationId,
                        new Reply.Challenge(
                                begun.challenge().mechanism().saslName(),
                                begun.challenge().message()));
            }
        }

        private boolean mayTry(long correlationId, String user) {
            long seconds = failures.secondsToWait(address(), user);
            if (seconds > 0) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "Too many log-ins have failed: try again in " + seconds + " seconds",
                        "too many log-ins as \"" + user + "\" have failed, and it may try again in " + seconds
                                + " seconds",
                        user);
            }
            return seconds == 0;
        }

        private void authenticate(Frame<Request> frame, ScramServer.LogIn logIn) {
            if (!(frame.message() instanceof Request.Authenticate answer)) {
                refuse(frame.correlationId(), Status.INVALID, "A Challenge must be answered with Authenticate");
            } else if (mayTry(frame.correlationId(), logIn.user())) {
                Bytes proof;
                try {
                    proof = logIn.finish(answer.message());
                } catch (ScramException wrong) {
                    refuseLogIn(frame.correlationId(), logIn.user(), wrong);
                    return;
                }
                failures.succeeded(address(), logIn.user());
                welcome(frame.correlationId(), new Identity.OfUser(logIn.user(), from()), proof);
            }
        }

        private void refuseLogIn(long correlationId, String user, ScramException why) {
            failures.failed(address(), user);
            refuse(
                    correlationId,
                    Status.FORBIDDEN,
                    LOG_IN_REFUSED,
                    "log-in as \"" + user + "\" has failed: " + why.getMessage(),
                    user);
        }

        private String address() {
            return HalfOpenConnections.address(channel.remoteAddress());
        }

        private String from() {
            return String.valueOf(channel.remoteAddress());
        }

        private void admit(long correlationId, @Nullable NodeIdentity peer) {
            if (peer == null && isStranger()) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "The node was shown neither a certificate nor a password: give the client \"user\" and"
                                + " \"password\", or a certificate in the folder of its \"tls\"");
                return;
            }
            if (peer != null && !isCertified(peer.id())) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "The certificate of the peer is not one of node " + peer.id()
                                + ": it has to name the host at which that node is a member, or one of \"tls.nodes\"");
                return;
            }
            if (peer != null) {
                Reply.Refused refusal = nodes.admit(peer, from(), joined -> process = joined);
                if (refusal != null) {
                    refuse(correlationId, refusal.status(), refusal.message());
                    return;
                }
                tellDifferences(peer);
            }
            welcome(correlationId, identity(peer), null);
        }

        private void welcome(long correlationId, Identity peer, @Nullable Bytes proof) {
            endDeadline();
            welcomed.run();
            challenged = null;
            decoder.allow(maxFrameBytes);
            connection = server.connect(peer, this);
            send(correlationId, new Reply.Welcome(FrameCodec.VERSION, cluster, node, maxFrameBytes, proof));
        }

        private Identity identity(@Nullable NodeIdentity peer) {
            if (peer != null) {
                return new Identity.OfNode(peer.id());
            }
            return encryption == null
                    ? new Identity.Unproven(from())
                    : new Identity.OfUser(Tls.peersUser(channel), from());
        }

        /** Tells whether nothing is known of the peer, so that it must not learn from refusals what the cluster and its nodes are called. */
        private boolean isStranger() {
            return encryption != null && !Tls.hasCertificate(channel);
        }

        private boolean isCertified(NodeId peer) {
            return encryption == null || encryption.isNode().test(peer, Tls.peersNames(channel));
        }

        /** Logs differences that are legitimate for a while, as when a change is rolled out node by node. */
        private void tellDifferences(NodeIdentity peer) {
            String differences =
                    self.get().formation().differences("node " + node, peer.formation(), "node " + peer.id(), false);
            if (!differences.isEmpty()) {
                log.say(differences, "Nodes " + node + " and " + peer.id() + " differ: " + differences, LOG::warn);
            }
        }

        private void refuse(long correlationId, Status status, String message) {
            refuse(correlationId, status, message, message, "");
        }

        /**
         * @param reason for the logs alone
         * @param user as whom the peer wanted to log in; empty if it did not
         */
        private void refuse(long correlationId, Status status, String message, String reason, String user) {
            refused = true;
            if (status == Status.FORBIDDEN && encryption != null) {
                encryption.logins().turnedAway(user, from(), reason);
            }
            log.say(reason, "Refused " + channel.remoteAddress() + ": " + reason, LOG::info);
            writer.writeLast(FrameCodec.encode(correlationId, Reply.Refused.of(status, message)));
        }

        @Override
        public void send(long correlationId, Reply reply) {
            writer.write(encoded(correlationId, reply));
        }

        private byte[] encoded(long correlationId, Reply reply) {
            try {
                return FrameCodec.encode(correlationId, reply, maxFrameBytes);
            } catch (FrameTooLargeException tooLarge) {
                if (reply instanceof Reply.Changes changes && !changes.caches().isEmpty()) {
                    return encoded(correlationId, changes.asMissed());
                }
                // A write has happened all the same: its outcome is known, and can't be told.
                Status status = reply instanceof Reply.Written ? Status.INTERNAL : Status.TOO_LARGE;
                return FrameCodec.encode(
                        correlationId, Reply.Refused.of(status, tooLarge.getMessage() + "; ask for less"));
            }
        }

        @Override
        public boolean isWritable() {
            return writer.waitingBytes() < MAX_UNREAD_BYTES;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            endDeadline();
            if (process != null) {
                process.left();
            }
            if (connection != null) {
                connection.closed();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
            if (refused) {
                LOG.trace("{} has been refused already", channel.remoteAddress(), root);
            } else if (root instanceof MalformedFrameException) {
                refuse(0, Status.INVALID, String.valueOf(root.getMessage()));
            } else if (root instanceof SSLException insecure) {
                String why = Tls.reason(insecure);
                log.say(why, "Refused " + channel.remoteAddress() + ": " + why, LOG::info);
                context.close();
            } else {
                LOG.debug("Connection of {} failed", channel.remoteAddress(), root);
                context.close();
            }
        }
    }
}
