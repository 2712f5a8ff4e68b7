package dev.lockstep.cluster.node;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The other nodes, over the links that clients use too. Thread-safe. */
final class LinkTermConfirmations implements TermConfirmations {

    private final Links links;
    private final Map<NodeId, Member> members;

    LinkTermConfirmations(Links links, Map<NodeId, Member> members) {
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
                answer.accept(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                answer.accept(null);
            }
        });
    }
}
