package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A subscription until it has begun: it fails if its node falls silent before. Later replies go straight to the handler. */
final class StreamOpening extends LivenessProbe.Waiter implements Link.ReplyHandler {

    private final MemberContacts contacts;
    private final Member member;
    private final Link.ReplyHandler handler;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Router.@Nullable Stream stream;

    StreamOpening(MemberContacts contacts, Member member, Link.ReplyHandler handler) {
        this.contacts = contacts;
        this.member = member;
        this.handler = handler;
    }

    Member member() {
        return member;
    }

    /** Ends the stream, too, if the node falls silent. */
    void opens(Router.Stream opening) {
        stream = opening;
    }

    @Override
    public void silent() {
        if (over.compareAndSet(false, true)) {
            contacts.silent(member);
            Router.Stream late = stream;
            if (late != null) {
                late.end();
            }
            handler.failed(true, new TimeoutException("Node " + member + " gives no sign of life"));
        }
    }

    @Override
    public void reply(Reply reply) {
        stopWaiting();
        contacts.heard(member);
        if (reply instanceof Reply.Refused refused && refused.status() == Status.MOVED) {
            contacts.refresh(); // the shard is hosted elsewhere than the map says
        }
        handler.reply(reply);
    }

    @Override
    public void failed(boolean sent, Throwable cause) {
        stopWaiting();
        handler.failed(sent, cause);
    }

    /** Stops watching the node: the stream has begun, failed or ended. */
    void stopWaiting() {
        if (over.compareAndSet(false, true)) {
            contacts.probe(member).forget(this);
        }
    }
}
