package dev.lockstep.cluster.node;

import dev.lockstep.cluster.reads.Peers;
import dev.lockstep.protocol.routing.Link;
import dev.lockstep.protocol.routing.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other nodes, over the links that clients use too. Says once when one can't be reached. Thread-safe. */
final class LinkPeers implements Peers {

    private static final Logger LOG = LoggerFactory.getLogger(LinkPeers.class);

    private final Links links;
    private final Set<NodeId> unreachable = ConcurrentHashMap.newKeySet();
    private final Map<NodeId, Member> members;

    LinkPeers(Links links, Map<NodeId, Member> members) {
        this.links = links;
        this.members = Map.copyOf(members);
    }

    @Override
    public void ask(NodeId peer, Request request, Consumer<@Nullable Reply> answer) {
        Member member = members.get(peer);
        if (member == null) {
            answer.accept(null);
            return;
        }
        links.to(member).send(request, new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                if (unreachable.remove(peer)) {
                    LOG.info("Node {} answers again", member);
                }
                answer.accept(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                if (unreachable.add(peer)) {
                    LOG.warn("Node {} can't be reached: {}", member, String.valueOf(cause.getMessage()));
                }
                answer.accept(null);
            }
        });
    }
}
