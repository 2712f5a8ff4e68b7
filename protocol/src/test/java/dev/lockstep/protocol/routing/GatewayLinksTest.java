package dev.lockstep.protocol.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatewayLinksTest {

    private static final Member FIRST = new Member(new NodeId("server-0"), "first", 1);
    private static final Member SECOND = new Member(new NodeId("server-1"), "second", 1);
    private static final Member NODE = new Member(new NodeId("n3"), "unknown", 3);
    private static final Request REQUEST = new Request.ListCaches();

    private final List<Wire> wires = new ArrayList<>();
    private final List<Object> heard = new ArrayList<>();
    private final Link.ReplyHandler handler = new Link.ReplyHandler() {
        @Override
        public void reply(Reply reply) {
            heard.add(reply);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            heard.add(sent ? "maybe" : "not sent");
        }
    };
    private final GatewayLinks links = new GatewayLinks(
            new Links() {
                @Override
                public Link to(Member member) {
                    return wires.stream()
                            .filter(wire -> wire.to.equals(member) && wire.isOpen())
                            .findFirst()
                            .orElseGet(() -> new Wire(member));
                }

                @Override
                public void close() {
                    wires.forEach(Wire::close);
                }
            },
            List.of(FIRST, SECOND),
            FIRST);

    /** A connection on which nothing is answered. */
    private final class Wire implements Link {

        private final Member to;
        private final List<Request> sent = new ArrayList<>();
        private ReplyHandler last;
        private boolean open = true;

        Wire(Member to) {
            this.to = to;
            wires.add(this);
        }

        @Override
        public long send(Request request, ReplyHandler told) {
            sent.add(request);
            last = told;
            return sent.size();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }
    }

    private Wire wire(int index) {
        return wires.get(index);
    }

    @Test
    void requestsToAllMembersGoOverOneConnectionToTheFirstServer() {
        links.to(NODE).send(REQUEST, handler);
        links.to(new Member(new NodeId("n4"), "unknown", 4)).send(REQUEST, handler);
        assertThat(wires).hasSize(1);
        assertThat(wire(0).to).isEqualTo(FIRST);
        assertThat(wire(0).sent)
                .containsExactly(new Request.PassOn(NODE.id(), REQUEST), new Request.PassOn(new NodeId("n4"), REQUEST));
        wire(0).last.reply(new Reply.Done());
        assertThat(heard).containsExactly(new Reply.Done());
    }

    @Test
    void theEndOfASubscriptionAndADetourAreSentAsTheyAre() {
        Request subscribe = new Request.Subscribe(0, 0, List.of());
        long correlation = links.to(NODE).send(subscribe, handler);
        Request unsubscribe = new Request.Unsubscribe(correlation);
        Request detour = new Request.PassOn(new NodeId("n1"), REQUEST);
        links.to(NODE).send(unsubscribe, handler);
        links.to(NODE).send(detour, handler);
        wire(0).last.reply(Reply.Refused.of(Status.UNREACHABLE, "n1 is gone"));
        assertThat(correlation).isEqualTo(1);
        assertThat(wire(0).sent.get(0).isStream()).isTrue();
        assertThat(wire(0).sent).containsExactly(new Request.PassOn(NODE.id(), subscribe), unsubscribe, detour);
        assertThat(heard)
                .as("says nothing about n3")
                .containsExactly(Reply.Refused.of(Status.UNREACHABLE, "n1 is gone"));
    }

    @Test
    void aNodeThatTheGatewayDoesNotReachIsOneToWhichNothingWasSent() {
        links.to(NODE).send(REQUEST, handler);
        wire(0).last.reply(Reply.Refused.of(Status.UNREACHABLE, "n3 is gone"));
        wire(0).last.reply(Reply.Refused.of(Status.INDETERMINATE, "n3 has not answered"));
        wire(0).last.failed(true, new IOException("the gateway is gone"));
        assertThat(heard)
                .containsExactly("not sent", Reply.Refused.of(Status.INDETERMINATE, "n3 has not answered"), "maybe");
    }

    @Test
    void whenTheConnectionHasEndedTheNextServerIsTheGateway() {
        Link before = links.to(NODE);
        before.send(REQUEST, handler);
        wire(0).close();
        assertThat(before.isOpen()).isFalse();
        links.to(NODE).send(REQUEST, handler);
        links.to(NODE).send(REQUEST, handler);
        wire(1).close();
        links.to(NODE).send(REQUEST, handler);
        assertThat(wires).extracting(wire -> wire.to).containsExactly(FIRST, SECOND, FIRST);
        assertThat(wire(1).sent).hasSize(2);
    }

    @Test
    void aServerIsAskedItself() {
        links.to(SECOND).send(REQUEST, handler);
        assertThat(wire(0).to).isEqualTo(SECOND);
        assertThat(wire(0).sent).containsExactly(REQUEST);
    }
}
