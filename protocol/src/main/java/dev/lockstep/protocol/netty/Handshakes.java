package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.FailedLogIns;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.netty.NettyListener.Encryption;
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
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import io.netty.channel.Channel;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides who is let in: nodes by their certificate and because they are members, users by a certificate or a password, and without
 * encryption everyone. Thread-safe; each handshake belongs to the event loop of its channel.
 */
final class Handshakes {

    private static final Logger LOG = LoggerFactory.getLogger(Handshakes.class);

    /** Whatever was wrong with a log-in: more would tell a stranger which users there are. */
    private static final String LOG_IN_REFUSED = "The user or the password is wrong";

    private final String cluster;
    private final Supplier<NodeIdentity> self;
    private final NodeId node;
    private final int maxFrameBytes;
    private final ConnectedNodes nodes;
    private final @Nullable Encryption encryption;
    private final RepeatedLog log;
    private final FailedLogIns failures;

    /**
     * @param maxFrameBytes of a frame, once the peer is welcome
     * @param encryption null for none
     */
    Handshakes(
            String cluster,
            Supplier<NodeIdentity> self,
            int maxFrameBytes,
            @Nullable Encryption encryption,
            RepeatedLog log,
            Time time) {
        this.cluster = cluster;
        this.self = self;
        this.node = self.get().id();
        this.maxFrameBytes = maxFrameBytes;
        this.nodes = new ConnectedNodes(self, time);
        this.encryption = encryption;
        this.log = log;
        this.failures = new FailedLogIns(time);
    }

    /** The end of the connection that carries out what is decided. */
    interface Peer {

        /** Asks for the next message of the handshake. */
        void send(long correlationId, Reply reply);

        /** Lets it in; there are no further messages of the handshake. */
        void welcome(long correlationId, Identity identity, Reply.Welcome welcome);

        /**
         * Turns it away.
         *
         * @param message what it is told
         * @param reason what is logged
         */
        void refuse(long correlationId, Status status, String message, String reason);
    }

    /** Begins the handshake of a channel that was accepted. */
    Handshake with(Channel channel, Peer peer) {
        return new Handshake(channel, peer);
    }

    /** One peer's way from its first message to the welcome, and from then on its place among the nodes, if it is one. */
    final class Handshake {

        private final Channel channel;
        private final Peer peer;
        private ScramServer.@Nullable LogIn challenged;
        private ConnectedNodes.@Nullable Process process;

        private Handshake(Channel channel, Peer peer) {
            this.channel = channel;
            this.peer = peer;
        }

        /** Records a sign of life. */
        void heard() {
            if (process != null) {
                process.heard();
            }
        }

        /** The connection has ended. */
        void left() {
            if (process != null) {
                process.left();
            }
        }

        /** Takes the next message of the handshake. */
        void proceed(Frame<Request> frame) {
            if (challenged != null) {
                authenticate(frame, challenged);
            } else if (!(frame.message() instanceof Request.Hello hello)) {
                refuse(frame.correlationId(), Status.INVALID, "The first message must be a Hello");
            } else if (hello.minVersion() > FrameCodec.VERSION || hello.maxVersion() < FrameCodec.VERSION) {
                refuse(
                        frame.correlationId(),
                        Status.VERSION_MISMATCH,
                        "The node speaks protocol version " + FrameCodec.VERSION + ", the peer " + hello.minVersion()
                                + " to " + hello.maxVersion()
                                + ": update whichever of the two runs the older version of Lockstep");
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
                peer.send(
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
                        "too many log-ins have failed",
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

        private void admit(long correlationId, @Nullable NodeIdentity other) {
            if (other == null && isStranger()) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "The node was shown neither a certificate nor a password: give the client \"user\" and"
                                + " \"password\", or a certificate in the folder of its \"tls\"");
                return;
            }
            if (other != null && !isCertified(other.id())) {
                refuse(
                        correlationId,
                        Status.FORBIDDEN,
                        "The certificate of the peer is not one of node " + other.id()
                                + ": it has to name the host at which that node is a member, or one of \"tls.nodes\"");
                return;
            }
            if (other != null) {
                Reply.Refused refusal = nodes.admit(other, from(), joined -> process = joined);
                if (refusal != null) {
                    refuse(correlationId, refusal.status(), refusal.message());
                    return;
                }
                tellDifferences(other);
            }
            welcome(correlationId, identity(other), null);
        }

        private void welcome(long correlationId, Identity identity, @Nullable Bytes proof) {
            challenged = null;
            peer.welcome(
                    correlationId,
                    identity,
                    new Reply.Welcome(FrameCodec.VERSION, cluster, node, maxFrameBytes, proof));
        }

        private Identity identity(@Nullable NodeIdentity other) {
            if (other != null) {
                return new Identity.OfNode(other.id());
            }
            return encryption == null
                    ? new Identity.Unproven(from())
                    : new Identity.OfUser(Tls.peersUser(channel), from());
        }

        /** Tells whether nothing is known of the peer, so that it must not learn from refusals what the cluster and its nodes are called. */
        private boolean isStranger() {
            return encryption != null && !Tls.hasCertificate(channel);
        }

        private boolean isCertified(NodeId id) {
            return encryption == null || encryption.isNode().test(id, Tls.peersNames(channel));
        }

        /** Logs differences that are legitimate for a while, as when a change is rolled out node by node. */
        private void tellDifferences(NodeIdentity other) {
            String differences =
                    self.get().formation().differences("node " + node, other.formation(), "node " + other.id(), false);
            if (!differences.isEmpty()) {
                log.say(differences, "Nodes " + node + " and " + other.id() + " differ: " + differences, LOG::warn);
            }
        }

        private void refuse(long correlationId, Status status, String message) {
            refuse(correlationId, status, message, message, "");
        }

        /** @param user as whom the peer wanted to log in; empty if it did not */
        private void refuse(long correlationId, Status status, String message, String reason, String user) {
            if (status == Status.FORBIDDEN && encryption != null) {
                encryption.logins().turnedAway(user, from(), reason);
            }
            peer.refuse(correlationId, status, message, reason);
        }
    }
}
