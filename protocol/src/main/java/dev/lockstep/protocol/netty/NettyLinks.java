package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.NodeLinks;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Status;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Links over TCP, one for each address, opened again when it is asked for after it has closed, and others that their users open for
 * themselves. Nothing of Netty is loaded and no thread started before the first link is asked for. Thread-safe; the lock guards the
 * step to the first link, and closing.
 */
public final class NettyLinks implements NodeLinks {

    private final String cluster;
    private final Supplier<@Nullable NodeIdentity> self;
    private final Duration connectTimeout;
    private final int maxInFlight;
    private final @Nullable Tls tls;
    private final @Nullable ScramCredentials credentials;
    private final Map<String, NettyLink> links = new ConcurrentHashMap<>();
    /** Addresses of {@link #links} that were connected before. */
    private final Set<String> connected = ConcurrentHashMap.newKeySet();

    private final LongAdder reconnects = new LongAdder();
    private @Nullable Wires wires;
    private boolean closed;

    /** The threads of all links, and how one is connected. */
    private static final class Wires {

        private final EventLoopGroup loops = Transport.loops("lockstep-link", 1);
        private final Bootstrap bootstrap;

        Wires(Duration connectTimeout) {
            this.bootstrap = new Bootstrap()
                    .group(loops)
                    .channelFactory(DirectSocket::new)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connectTimeout.toMillis());
        }

        void connect(NettyLink link, Member member, @Nullable Tls tls) {
            link.connect(bootstrap, member.host(), member.port(), tls);
        }

        void close() {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    /**
     * @param cluster the peers must name the same
     * @param self this JVM's node, or null in a client
     * @param maxInFlight requests that may wait for their reply on one link
     */
    public NettyLinks(String cluster, @Nullable NodeIdentity self, Duration connectTimeout, int maxInFlight) {
        this(cluster, () -> self, connectTimeout, maxInFlight, null);
    }

    /**
     * @param self this JVM's node as it introduces itself at that time, or null in a client
     * @param tls encrypts the links; null for not at all
     */
    public NettyLinks(
            String cluster,
            Supplier<@Nullable NodeIdentity> self,
            Duration connectTimeout,
            int maxInFlight,
            @Nullable Tls tls) {
        this(cluster, self, connectTimeout, maxInFlight, tls, null);
    }

    /**
     * @param self this JVM's node as it introduces itself at that time, or null in a client
     * @param tls encrypts the links; null for not at all
     * @param credentials of the user as whom the links log in, which takes {@code tls}; null for none
     * @throws RequestFailedException when there are credentials and no {@code tls}
     */
    public NettyLinks(
            String cluster,
            Supplier<@Nullable NodeIdentity> self,
            Duration connectTimeout,
            int maxInFlight,
            @Nullable Tls tls,
            @Nullable ScramCredentials credentials) {
        if (credentials != null && tls == null) {
            throw new RequestFailedException(
                    Status.FORBIDDEN,
                    "User " + credentials.user()
                            + " can log in over an encrypted connection alone: set \"tls\", which needs"
                            + " the certificate of the nodes' authority at least");
        }
        this.cluster = cluster;
        this.self = self;
        this.connectTimeout = connectTimeout;
        this.maxInFlight = maxInFlight;
        this.tls = tls;
        this.credentials = credentials;
    }

    @Override
    public Link to(Member member) {
        String address = member.host() + ":" + member.port();
        NettyLink link = links.get(address);
        if (link != null && link.isOpen()) {
            return link;
        }
        return links.compute(
                address, (key, old) -> old != null && old.isOpen() ? old : open(member, () -> opened(key)));
    }

    @Override
    public NettyLink open(Member member) {
        return open(member, () -> {});
    }

    private void opened(String address) {
        if (!connected.add(address)) {
            reconnects.increment();
        }
    }

    /** Counts the connections that were opened again to an address, after the one before was lost; callers' own are left out. */
    public long reconnects() {
        return reconnects.sum();
    }

    private NettyLink open(Member member, Runnable whenOpened) {
        NettyLink link = new NettyLink(cluster, self.get(), member, maxInFlight, credentials, whenOpened);
        Wires current = wires();
        if (current == null) {
            link.close();
        } else {
            current.connect(link, member, tls);
        }
        return link;
    }

    /** Null once these links are closed. */
    private synchronized @Nullable Wires wires() {
        if (wires == null && !closed) {
            wires = new Wires(connectTimeout);
        }
        return closed ? null : wires;
    }

    @Override
    public void close() {
        Wires last;
        synchronized (this) {
            closed = true;
            last = wires;
        }
        if (last != null) {
            links.values().forEach(NettyLink::close);
            last.close();
        }
    }
}
