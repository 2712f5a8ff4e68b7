package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.HalfOpenConnections.HalfOpen;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
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
 * Listens at a port, and hands the requests of those who {@linkplain Handshakes are let in} to a {@link RequestServer}. A frame that is no request is
 * answered with a typed refusal, and the connection is closed. Thread-safe.
 */
public final class NettyListener implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NettyListener.class);
    private static final AttributeKey<HalfOpen> HALF_OPEN = AttributeKey.valueOf("lockstep-half-open");

    /** From the first byte of TLS to the welcome. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** The most bytes that a peer may leave unread; beyond them its subscriptions are paused. */
    private static final long MAX_UNREAD_BYTES = 1024 * 1024;

    private final RepeatedLog log = new RepeatedLog(Time.system());
    private final Handshakes handshakes;
    private final int maxFrameBytes;
    private final RequestServer server;
    private final @Nullable Encryption encryption;
    private final Duration patience;
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
        this(host, port, cluster, self, maxFrameBytes, server, encryption, PATIENCE);
    }

    /** @param patience the time that a peer has until it is welcome */
    NettyListener(
            String host,
            int port,
            String cluster,
            Supplier<NodeIdentity> self,
            int maxFrameBytes,
            RequestServer server,
            @Nullable Encryption encryption,
            Duration patience)
            throws IOException {
        this.handshakes = new Handshakes(cluster, self, maxFrameBytes, encryption, log, Time.system());
        this.maxFrameBytes = maxFrameBytes;
        this.server = server;
        this.encryption = encryption;
        this.patience = patience;
        NodeId node = self.get().id();
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
    private final class Inbound extends SimpleChannelInboundHandler<byte[]>
            implements RequestServer.Replies, Handshakes.Peer {

        private final Channel channel;
        private final FrameDecoder decoder;
        private final FrameWriter writer;
        private final Runnable welcomed;
        private final Handshakes.Handshake handshake;
        private @Nullable ScheduledFuture<?> deadline;
        private RequestServer.@Nullable Connection connection;
        /** Closing takes until what was read is worked off: none of that is listened to any more. */
        private boolean refused;

        Inbound(Channel channel, FrameDecoder decoder, Runnable welcomed) {
            this.channel = channel;
            this.decoder = decoder;
            this.welcomed = welcomed;
            this.writer = new FrameWriter(channel);
            this.handshake = handshakes.with(channel, this);
        }

        /** One deadline for all steps, whatever has been read: a byte now and then does not extend it. */
        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            deadline = context.executor()
                    .schedule(
                            () -> {
                                log.say(
                                        "unfinished " + HalfOpenConnections.address(channel.remoteAddress()),
                                        "Closed " + channel.remoteAddress() + ": it has not shaken hands within "
                                                + patience.toSeconds() + " seconds",
                                        LOG::info);
                                context.close();
                            },
                            patience.toNanos(),
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
            handshake.heard();
            if (connection == null) {
                handshake.proceed(frame);
            } else {
                connection.serve(frame.correlationId(), frame.message());
            }
        }

        @Override
        public void welcome(long correlationId, Identity identity, Reply.Welcome welcome) {
            endDeadline();
            welcomed.run();
            decoder.allow(maxFrameBytes);
            connection = server.connect(identity, this);
            send(correlationId, welcome);
        }

        @Override
        public void refuse(long correlationId, Status status, String message, String reason) {
            refused = true;
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
            handshake.left();
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
                String why = String.valueOf(root.getMessage());
                refuse(0, Status.INVALID, why, why);
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
