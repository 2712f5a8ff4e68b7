package dev.lockstep.cluster.testing;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.topology.Member;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Clients of a cluster, each with connections of its own. Not thread-safe. Closing it closes them all. */
public final class Clients implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final String cluster;
    private final String addresses;
    private final Duration timeout;
    private final @Nullable Tls tls;
    private final EventLoop loop = EventLoop.threaded("clients");
    private final List<Session> open = new ArrayList<>();

    /** @param addresses each {@code host:port}, separated by commas */
    public Clients(String cluster, String addresses) {
        this(cluster, addresses, TIMEOUT, null);
    }

    /**
     * @param addresses each {@code host:port}, separated by commas
     * @param timeout of each operation
     */
    public Clients(String cluster, String addresses, Duration timeout) {
        this(cluster, addresses, timeout, null);
    }

    /** @param tls encrypts their links; null for not at all */
    public Clients(String cluster, String addresses, Duration timeout, @Nullable Tls tls) {
        this.cluster = cluster;
        this.addresses = addresses;
        this.timeout = timeout;
        this.tls = tls;
    }

    public Session open() {
        return open(addresses);
    }

    /** A client that learns of the cluster from one node. */
    public Session through(NodeProcess node) {
        return open("127.0.0.1:" + node.member().port());
    }

    private Session open(String servers) {
        return open(servers, links());
    }

    /** A client that connects to other ports on loopback than the nodes name. */
    public Session open(IntUnaryOperator ports) {
        NettyLinks links = links();
        return open(addresses, new Links() {
            @Override
            public Link to(Member member) {
                return links.to(new Member(member.id(), member.host(), ports.applyAsInt(member.port())));
            }

            @Override
            public void close() {
                links.close();
            }
        });
    }

    private NettyLinks links() {
        return new NettyLinks(cluster, () -> null, Duration.ofSeconds(2), 10_000, tls);
    }

    private Session open(String servers, Links links) {
        Session session = new SessionFactory(links, timeout, Time.system(), loop, Entropy.system())
                .client(List.of(servers.split(",")));
        open.add(session);
        return session;
    }

    @Override
    public void close() {
        open.forEach(Session::close);
        loop.close();
    }
}
