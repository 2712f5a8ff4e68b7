package dev.lockstep.cluster.node;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The other nodes, over the links that clients use too. Thread-safe. */
final class LinkTermConfirmations implements TermConfirmations {

    private final Links links;
    private final Function<NodeId, @Nullable Member> members;

    /** @param members finds the one with an id, at present; null if there is none */
    LinkTermConfirmations(Links links, Function<NodeId, @Nullable Member> members) {
        this.links = links;
        this.members = members;
    }

    @Override
    public void ask(NodeId peer, Request request, Consumer<@Nullable Reply> answer) {
        Member member = members.apply(peer);
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
