package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Links to all members over one connection to a server, the gateway, which passes requests on. When the connection has ended, or can't
 * be opened, the next server is the gateway. No other address is connected to than those of the servers. Thread-safe; the lock guards
 * the choice.
 */
public final class GatewayLinks implements Links {

    private final Links links;
    private final List<Member> servers;
    private int chosen;
    private @Nullable Link gateway;

    /**
     * @param links to the servers; closed with this
     * @param servers which may be nodes, or lead to any of the nodes; their ids are not those of nodes
     * @param first the server to begin with
     */
    public GatewayLinks(Links links, List<Member> servers, Member first) {
        this.links = links;
        this.servers = List.copyOf(servers);
        this.chosen = this.servers.indexOf(first);
    }

    /** The link to a member through the gateway, or straight to a server. Closing it closes the connection to the gateway. */
    @Override
    public Link to(Member member) {
        return servers.contains(member) ? links.to(member) : new Through(gateway(), member.id());
    }

    private synchronized Link gateway() {
        Link current = gateway;
        if (current != null && current.isOpen()) {
            return current;
        }
        if (current != null) {
            chosen = (chosen + 1) % servers.size();
        }
        Link next = links.to(servers.get(chosen));
        gateway = next;
        return next;
    }

    @Override
    public void close() {
        links.close();
    }

    /** A link to a node through the gateway. */
    private record Through(Link gateway, NodeId node) implements Link {

        /** Sends what is not for other nodes to the gateway: it ends subscriptions itself, and a detour is one hop already. */
        @Override
        public long send(Request request, ReplyHandler handler) {
            return request.mayBePassedOn()
                    ? gateway.send(new Request.PassOn(node, request), new Passed(handler))
                    : gateway.send(request, handler);
        }

        @Override
        public boolean isOpen() {
            return gateway.isOpen();
        }

        @Override
        public void close() {
            gateway.close();
        }
    }

    /** Reports a node that the gateway can't reach as a link does that can't be opened. */
    private record Passed(Link.ReplyHandler handler) implements Link.ReplyHandler {

        @Override
        public void reply(Reply reply) {
            if (reply instanceof Reply.Refused refused && refused.status() == Status.UNREACHABLE) {
                handler.failed(false, new IOException(refused.message()));
            } else {
                handler.reply(reply);
            }
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            handler.failed(sent, cause);
        }
    }
}
