package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.concurrent.CompletableFuture;

/** Requests whose reply a test waits for. Stateless. */
public final class LinkCalls {

    private LinkCalls() {}

    /** Sends a request that is answered once. Completes with the reply, or with the link's failure. */
    public static CompletableFuture<Reply> call(Link link, Request request) {
        CompletableFuture<Reply> answer = new CompletableFuture<>();
        link.send(request, completing(answer));
        return answer;
    }

    /** Returns a handler that completes a future with the first reply, or with the failure. */
    public static Link.ReplyHandler completing(CompletableFuture<Reply> answer) {
        return new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                answer.complete(reply);
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                answer.completeExceptionally(cause);
            }
        };
    }
}
