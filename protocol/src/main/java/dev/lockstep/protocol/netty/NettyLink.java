package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.ConnectionRefusedException;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.OutstandingRequests;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.HeapShare;
import dev.lockstep.protocol.runtime.Threads;
import dev.lockstep.protocol.scram.ScramChallenge;
import dev.lockstep.protocol.scram.ScramClient;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramMechanism;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.FrameCodec.Frame;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a node. Requests given before the handshake is done wait for it. A peer that is silent for a while is
 * asked for a sign of life, and given up if none comes. Thread-safe: what is outstanding is in {@link OutstandingRequests}, and
 * the lock guards only the steps from opening to open and closed.
 */
final class NettyLink implements Link {

    private static final int SILENCE_SECONDS = 3;
    /** The most bytes that may wait to be written; further requests are refused as busy. */
    private static final long MAX_WAITING_BYTES = HeapShare.atMost(64 << 20, 8);

    private final String cluster;
    private final @Nullable NodeIdentity self;
    private final Member peer;
    private final int maxInFlight;
    private final @Nullable ScramCredentials credentials;
    private final Runnable whenOpened;
    private final AtomicLong correlations = new AtomicLong();
    private final OutstandingRequests outstanding = new OutstandingRequests();
    private final FrameDecoder decoder = new FrameDecoder();
    private List<byte[]> early = new ArrayList<>();
    private volatile @Nullable FrameWriter open;
    private @Nullable Channel channel;
    private volatile int maxFrame = FrameCodec.MAX_HANDSHAKE_BYTES;

    /**
     * @param credentials logs in with them; null for not at all
     * @param whenOpened run once, when the node has let the link in; must not block
     */
    NettyLink(
            String cluster,
            @Nullable NodeIdentity self,
            Member peer,
            int maxInFlight,
            @Nullable ScramCredentials credentials,
            Runnable whenOpened) {
        this.cluster = cluster;
        this.self = self;
        this.peer = peer;
        this.maxInFlight = maxInFlight;
        this.credentials = credentials;
        this.whenOpened = whenOpened;
    }

    void connect(Bootstrap bootstrap, String host, int port, @Nullable Tls tls) {
        bootstrap
                .clone()
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel created) {
                        if (tls != null) {
                            tls.connect(created, host, port);
                        }
                        initialize(created);
                    }
                })
                .connect(host, port)
                .addListener(future -> {
                    if (!future.isSuccess()) {
                        fail(false, unconnected(host, port, future.cause()));
                    }
                });
    }

    /** A connection is refused at once, or it is not answered at all, which takes as long as we allow. */
    private static Throwable unconnected(String host, int port, Throwable cause) {
        return cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException)
                ? new ConnectionRefusedException("Connection refused: no server listens at " + host + ":" + port, cause)
                : cause;
    }

    /** Makes a channel this link's. The idle handler comes before TLS, so that each step of the TLS handshake counts as a sign of life. */
    void initialize(Channel created) {
        created.pipeline()
                .addFirst(new IdleStateHandler(SILENCE_SECONDS, 0, 0))
                .addLast(decoder)
                .addLast(new Inbound(new FrameWriter(created)));
    }

    @Override
    public long send(Request request, ReplyHandler handler) {
        long correlation = correlations.incrementAndGet();
        byte[] frame = FrameCodec.encode(correlation, request);
        FrameWriter ready = open;
        if (outstanding.isClosed()) {
            handler.failed(false, new IOException("The connection is closed"));
        } else if (ready != null && frame.length > maxFrame) {
            handler.reply(Reply.Refused.of(
                    Status.INVALID, "The request has " + frame.length + " bytes; the node takes " + maxFrame));
        } else if (outstanding.size() >= maxInFlight || (ready != null && ready.waitingBytes() >= MAX_WAITING_BYTES)) {
            handler.reply(new Reply.Refused(
                    Status.BUSY, outstanding.size() + " requests are waiting on this connection", 10, null));
        } else if (!outstanding.add(correlation, request, handler)) {
            handler.failed(false, new IOException("The connection is closed"));
        } else if (ready == null) {
            writeWhenOpen(frame);
        } else {
            ready.write(frame);
        }
        return correlation;
    }

    private synchronized void writeWhenOpen(byte[] frame) {
        if (open != null) {
            open.write(frame);
        } else {
            early.add(frame);
        }
    }

    private synchronized void opened(FrameWriter ready, int maxFrameBytes) {
        if (outstanding.isClosed()) {
            return;
        }
        maxFrame = maxFrameBytes;
        decoder.allow(FrameCodec.DEFAULT_MAX_BYTES + 1024);
        whenOpened.run();
        early.forEach(ready::write);
        early = List.of();
        open = ready;
    }

    @Override
    public boolean isOpen() {
        return !outstanding.isClosed();
    }

    @Override
    public void close() {
        fail(true, new IOException("The connection was closed"));
    }

    private void fail(boolean sent, Throwable cause) {
        Channel last;
        boolean left;
        synchronized (this) {
            outstanding.close();
            last = channel;
            left = sent && open != null;
        }
        outstanding.failAll(left, cause);
        if (last != null) {
            last.close();
        }
    }

    /** Handles the frames that come from the node. */
    private final class Inbound extends SimpleChannelInboundHandler<byte[]> {

        private final FrameWriter writer;
        private final @Nullable ScramClient logIn =
                credentials == null ? null : new ScramClient(credentials, Entropy.system());
        private ScramClient.@Nullable Proof proof;
        /** The answer to the node's challenge is worked out elsewhere: the silence is ours. */
        private boolean answering;

        private boolean welcomed;
        /** Nothing came in the last interval; a node that has welcomed this link was asked for a sign of life. */
        private boolean wasIdle;

        Inbound(FrameWriter writer) {
            this.writer = writer;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            boolean tooLate;
            synchronized (NettyLink.this) {
                channel = context.channel();
                tooLate = outstanding.isClosed();
            }
            if (tooLate) {
                context.close();
                return;
            }
            Request hello = new Request.Hello(
                    FrameCodec.VERSION, FrameCodec.VERSION, cluster, self, logIn == null ? null : logIn.first());
            writer.write(FrameCodec.encode(0, hello));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, byte[] body) {
            Frame<Reply> frame = FrameCodec.decodeReply(body);
            wasIdle = false;
            if (!welcomed) {
                shakeHands(context, frame.message());
                return;
            }
            outstanding.answer(frame.correlationId(), frame.message());
        }

        private void shakeHands(ChannelHandlerContext context, Reply reply) {
            if (reply instanceof Reply.Challenge challenge && logIn != null && proof == null && !answering) {
                answer(context, logIn, challenge);
            } else if (reply instanceof Reply.Welcome welcome && isAnother(welcome)) {
                fail(
                        false,
                        new RequestFailedException(
                                Status.FORMATION_DIFFERS,
                                "Node " + welcome.node() + " answers at the address of node " + peer
                                        + ": correct the addresses of the members"));
            } else if (reply instanceof Reply.Welcome welcome) {
                if (logIn == null || isProven(welcome)) {
                    welcomed = true;
                    opened(writer, welcome.maxFrameBytes());
                }
            } else if (reply instanceof Reply.Refused refused) {
                if (credentials != null && refused.status() == Status.FORBIDDEN) {
                    credentials.refused();
                }
                fail(false, new RequestFailedException(refused.status(), refused.message()));
            } else {
                throw new MalformedFrameException("Expected a welcome, got " + reply);
            }
        }

        /** Deriving keys from a password takes up to a second, which is nothing for the loop of all links. */
        private void answer(ChannelHandlerContext context, ScramClient begun, Reply.Challenge challenge) {
            answering = true;
            Threads.daemon(
                            () -> {
                                try {
                                    ScramClient.Proof answer = begun.answer(
                                            new ScramChallenge(
                                                    ScramMechanism.named(challenge.mechanism()), challenge.message()),
                                            Tls.binding(context.channel(), false));
                                    context.executor().execute(() -> answered(answer));
                                } catch (IOException | ScramException | RejectedExecutionException impossible) {
                                    failLogIn(impossible);
                                }
                            },
                            "lockstep-login")
                    .start();
        }

        private void answered(ScramClient.Proof answer) {
            answering = false;
            proof = answer;
            writer.write(FrameCodec.encode(0, new Request.Authenticate(answer.message())));
        }

        private void failLogIn(Exception why) {
            fail(
                    false,
                    new RequestFailedException(Status.FORBIDDEN, "The log-in has failed: " + why.getMessage(), why));
        }

        private boolean isProven(Reply.Welcome welcome) {
            try {
                if (proof == null || welcome.proof() == null) {
                    throw new ScramException("The node has let the client in without asking for the password");
                }
                proof.verify(welcome.proof());
                return true;
            } catch (ScramException unproven) {
                failLogIn(unproven);
                return false;
            }
        }

        /** Applications know addresses before they know the node there; nodes know both. */
        private boolean isAnother(Reply.Welcome welcome) {
            return self != null && !welcome.node().equals(peer.id());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (!(event instanceof IdleStateEvent idle)) {
                super.userEventTriggered(context, event);
            } else if (answering) {
                wasIdle = false;
            } else if (outstanding.size() > 0 || !welcomed) {
                if (wasIdle && !idle.isFirst()) {
                    fail(
                            true,
                            new IOException("No sign of life from the node for " + 2 * SILENCE_SECONDS + " seconds"));
                    return;
                }
                wasIdle = true;
                if (welcomed) {
                    writer.write(FrameCodec.encode(correlations.incrementAndGet(), new Request.DescribeCluster()));
                }
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            fail(
                    true,
                    new IOException(
                            welcomed
                                    ? "The node closed the connection"
                                    : "The node closed the connection without an answer, as one with \"tls\" does if the other"
                                            + " end has none"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
            fail(
                    true,
                    root instanceof SSLException insecure
                            ? new IOException("No secure connection: " + Tls.reason(insecure), root)
                            : cause);
        }
    }
}
