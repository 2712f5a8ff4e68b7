package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.routing.RequestServer;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A node that has nothing but its Raft groups: they listen and talk over links, as those of a whole node do. */
public final class RaftMember implements AutoCloseable {

    private final NettyLinks links;
    private final RatisConsensus consensus;
    private final NettyListener listener;

    public RaftMember(RatisSettings settings) throws IOException {
        this(settings, links -> links, null);
    }

    /**
     * @param harm what its messages to the other members go through
     * @param tls what its connections are encrypted with; null for not at all
     */
    RaftMember(RatisSettings settings, UnaryOperator<Links> harm, @Nullable Tls tls) throws IOException {
        NodeId self = settings.self().id();
        links = new NettyLinks(settings.cluster(), self, Duration.ofSeconds(1), 10_000, tls);
        consensus = new RatisConsensus(settings, harm.apply(links), Time.system(), fault -> {});
        listener = new NettyListener(
                settings.self().host(), settings.self().port(), settings.cluster(), self, 16 << 20, this::connect, tls);
    }

    private RequestServer.Connection connect(@Nullable NodeId node, RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                var message = ((Request.ToLog) request).message();
                consensus.serve(node, message, reply -> replies.send(correlationId, reply));
            }

            @Override
            public void closed() {}
        };
    }

    public static List<Member> members(List<MemberPorts> ports) {
        return ports.stream()
                .map(member -> new Member(new NodeId(member.id()), "127.0.0.1", member.port()))
                .toList();
    }

    public RatisConsensus consensus() {
        return consensus;
    }

    @Override
    public void close() {
        consensus.close();
        listener.close();
        links.close();
    }
}
