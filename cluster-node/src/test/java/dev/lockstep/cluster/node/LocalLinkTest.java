package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalLinkTest {

    private static final Request SUBSCRIBE = new Request.Subscribe(0, 0, List.of(new Request.Subscribe.Start(1, -1)));

    private final List<Reply> replies = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final Link.ReplyHandler handler = new Link.ReplyHandler() {
        @Override
        public void reply(Reply reply) {
            replies.add(reply);
        }

        @Override
        public void failed(boolean sent, Throwable cause) {
            failures.add(cause);
        }
    };

    /** Answers each subscription with one reply, which may be its last. */
    private static LocalLink answering(Reply reply) {
        return new LocalLink((node, replies) -> new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                replies.send(correlationId, request instanceof Request.Subscribe ? reply : new Reply.Done());
            }

            @Override
            public void closed() {}
        });
    }

    /** Returns the failures of the subscriptions that are still open when the link is closed. */
    private List<Throwable> openAfterAThousand(LocalLink link, boolean unsubscribe) {
        for (int i = 0; i < 1_000; i++) {
            long subscription = link.send(SUBSCRIBE, handler);
            if (unsubscribe) {
                link.send(new Request.Unsubscribe(subscription), handler);
            }
        }
        assertThat(replies).hasSizeGreaterThanOrEqualTo(1_000);
        link.close();
        return failures;
    }

    @Test
    void subscriptionsThatAreRefusedEnd() {
        assertThat(openAfterAThousand(answering(Reply.Refused.of(Status.BUSY, "scripted")), false))
                .isEmpty();
    }

    @Test
    void subscriptionsThatAreGivenUpEnd() {
        assertThat(openAfterAThousand(answering(new Reply.Subscribed(7, List.of())), true))
                .isEmpty();
    }

    @Test
    void subscriptionsThatAreOpenEndWithTheLink() {
        assertThat(openAfterAThousand(answering(new Reply.Subscribed(7, List.of())), false))
                .hasSize(1_000);
    }
}
