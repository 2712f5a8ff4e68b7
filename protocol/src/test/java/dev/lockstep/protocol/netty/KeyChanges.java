package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.runtime.Threads;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests of several threads over an encrypted link, half of them answered by the event loop and half by other threads. To be run in a JVM
 * that changes the keys often, so that both ends make records on the event loop and past it. Prints {@code answers=… wrong=…}.
 */
final class KeyChanges {

    private static final NodeId NODE = new NodeId("n1");
    private static final int THREADS = 4;
    private static final int REQUESTS = 500_000;
    private static final int IN_FLIGHT = 800;
    private static final int PATIENCE_SECONDS = 60;

    private KeyChanges() {}

    /** @param arguments a folder for certificates */
    public static void main(String[] arguments) throws Exception {
        Credentials keys = new Certificates(Path.of(arguments[0])).credentials("n1");
        Tls tls = new Tls(() -> keys, false);
        ExecutorService others = Executors.newFixedThreadPool(2);
        try (NettyListener listener = new NettyListener(
                        "127.0.0.1",
                        0,
                        "demo",
                        () -> NodeIdentity.untold(NODE),
                        FrameCodec.DEFAULT_MAX_BYTES,
                        echo(others),
                        new NettyListener.Encryption(tls, (node, names) -> true));
                NettyLinks links = new NettyLinks("demo", () -> null, Duration.ofSeconds(2), 2 * IN_FLIGHT, tls)) {
            ask(links.to(new Member(NODE, "127.0.0.1", listener.port())));
        } finally {
            others.shutdownNow();
        }
    }

    /** Answers a Size with its shard. */
    private static RequestServer echo(ExecutorService others) {
        return (peer, replies) -> new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                int shard = ((Request.Size) request).shard();
                if (shard % 2 == 0) {
                    replies.send(correlationId, new Reply.Count(0, 0, shard));
                } else {
                    others.execute(() -> replies.send(correlationId, new Reply.Count(0, 0, shard)));
                }
            }

            @Override
            public void closed() {}
        };
    }

    private static void ask(Link link) throws InterruptedException {
        AtomicInteger answers = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        Semaphore inFlight = new Semaphore(IN_FLIGHT);
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            int first = i;
            threads[i] = Threads.daemon(
                    () -> {
                        for (int shard = first; shard < REQUESTS && wrong.get() == 0; shard += THREADS) {
                            inFlight.acquireUninterruptibly();
                            link.send(
                                    new Request.Size(1, shard, Consistency.SESSION, 0, 0),
                                    expecting(shard, answers, wrong, inFlight));
                        }
                    },
                    "asking-" + i);
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!inFlight.tryAcquire(IN_FLIGHT, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            System.out.println("Answers are missing");
        }
        System.out.println("answers=" + answers + " wrong=" + wrong);
    }

    private static Link.ReplyHandler expecting(
            int shard, AtomicInteger answers, AtomicInteger wrong, Semaphore inFlight) {
        return new Link.ReplyHandler() {
            @Override
            public void reply(Reply reply) {
                (reply.equals(new Reply.Count(0, 0, shard)) ? answers : wrong).incrementAndGet();
                inFlight.release();
            }

            @Override
            public void failed(boolean sent, Throwable cause) {
                wrong.incrementAndGet();
                inFlight.release();
            }
        };
    }
}
