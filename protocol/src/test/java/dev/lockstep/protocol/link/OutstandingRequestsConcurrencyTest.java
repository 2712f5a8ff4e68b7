package dev.lockstep.protocol.link;

import dev.lockstep.protocol.concurrency.Interleavings;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Replies, the end of the connection and new requests at once: each request is told once. */
@Tag("slow")
@Param(name = "request", gen = IntGen.class, conf = "1:3")
public class OutstandingRequestsConcurrencyTest {

    private static final int MOST = 16;
    private static final Exception CLOSED = new IOException("closed");

    private final OutstandingRequests requests = new OutstandingRequests();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicIntegerArray told = new AtomicIntegerArray(MOST);

    /** Counts how often one request is told. */
    private final class Counting implements Link.ReplyHandler {

        private final int request;

        Counting(int request) {
            this.request = request;
        }

        @Override
        public void reply(Reply reply) {
            told.incrementAndGet(request);
        }

        @Override
        public void failed(boolean left, Throwable cause) {
            told.incrementAndGet(request);
        }
    }

    @Operation
    public void send() {
        int request = sent.incrementAndGet();
        Counting handler = new Counting(request);
        if (!requests.add(request, new Request.ListCaches(), handler)) {
            handler.failed(false, CLOSED);
        }
    }

    @Operation
    public void answer(@Param(name = "request") int request) {
        requests.answer(request, new Reply.Done());
    }

    @Operation(runOnce = true)
    public void close() {
        requests.close();
        requests.failAll(true, CLOSED);
    }

    @Validate
    public void eachIsToldOnce() {
        if (!requests.isClosed()) {
            close();
        }
        for (int request = 1; request <= sent.get(); request++) {
            if (told.get(request) != 1) {
                throw new IllegalStateException("Request " + request + " was told " + told.get(request) + " times");
            }
        }
    }

    @Test
    void interleavings() {
        Interleavings.enumerate(OutstandingRequestsConcurrencyTest.class);
    }
}
