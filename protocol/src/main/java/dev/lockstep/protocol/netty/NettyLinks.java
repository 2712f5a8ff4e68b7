package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Links over TCP, one for each address, opened again when it is asked for after it has closed. Thread-safe. */
public final class NettyLinks implements Links {

    private final String cluster;
    private final @Nullable NodeId self;
    private final int maxInFlight;
    private final EventLoopGroup loops = Transport.loops("lockstep-link", 1);
    private final Bootstrap bootstrap;
    private final Map<String, NettyLink> links = new ConcurrentHashMap<>();

    /**
     * @param cluster the peers must name the same
     * @param self this JVM's node, or null in a client
     * @param maxInFlight requests that may wait for their reply on one link
     */
    public NettyLinks(String cluster, @Nullable NodeId self, Duration connectTimeout, int maxInFlight) {
        this.cluster = cluster;
        this.self = self;
        this.maxInFlight = maxInFlight;
        this.bootstrap = new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connectTimeout.toMillis())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, Transport.LINK_WATER_MARK);
    }

    @Override
    public Link to(Member member) {
        String address = member.host() + ":" + member.port();
        NettyLink link = links.get(address);
        if (link != null && link.isOpen()) {
            return link;
        }
        return links.compute(address, (key, old) -> old != null && old.isOpen() ? old : open(member));
    }

    private NettyLink open(Member member) {
        NettyLink link = new NettyLink(cluster, self, maxInFlight);
        link.connect(bootstrap, member.host(), member.port());
        return link;
    }

    @Override
    public void close() {
        links.values().forEach(NettyLink::close);
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
