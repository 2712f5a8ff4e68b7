package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.protocol.link.Link;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Request;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Links that do to messages what TCP never would: some arrive twice, some late and so behind later ones, and those that are
 * named get lost, or their answers. Thread-safe.
 */
final class FaultInjectingLinks implements Links {

    private static final int DOUBLED_OF_THOUSAND = 20;
    private static final int LATE_OF_THOUSAND = 3;
    private static final int LATEST_MILLIS = 60;

    private final Links links;
    private final Random random;
    private final EventLoop later;
    private final Harm harm;

    /** The faults of the messages of all members; counts those that happened. */
    static final class Harm {

        private final AtomicInteger losing = new AtomicInteger();
        private final AtomicInteger losingAnswers = new AtomicInteger();
        private final AtomicInteger doubled = new AtomicInteger();
        private final AtomicInteger late = new AtomicInteger();
        private final AtomicInteger lost = new AtomicInteger();
        private volatile boolean over;

        /** The next messages are lost. */
        void lose(int messages) {
            losing.set(messages);
        }

        /** The next messages arrive, their answers do not. */
        void loseAnswers(int messages) {
            losingAnswers.set(messages);
        }

        /** Ends all faults. */
        void end() {
            over = true;
        }

        int doubled() {
            return doubled.get();
        }

        int late() {
            return late.get();
        }

        int lost() {
            return lost.get();
        }

        private boolean takes(AtomicInteger next) {
            boolean taken = !over && next.get() > 0 && next.getAndDecrement() > 0;
            if (taken) {
                lost.incrementAndGet();
            }
            return taken;
        }

        private boolean happens(AtomicInteger counted, int ofThousand, Random random) {
            boolean happens = !over && random.nextInt(1_000) < ofThousand;
            if (happens) {
                counted.incrementAndGet();
            }
            return happens;
        }
    }

    /** @param later where what is late waits; the caller closes it */
    FaultInjectingLinks(Links links, Harm harm, Random random, EventLoop later) {
        this.links = links;
        this.harm = harm;
        this.random = random;
        this.later = later;
    }

    @Override
    public Link to(Member member) {
        return new InterceptedLink(links.to(member), this::harmed);
    }

    private long harmed(Link link, Request request, Link.ReplyHandler handler) {
        if (harm.takes(harm.losing)) {
            return 0;
        }
        if (harm.takes(harm.losingAnswers)) {
            return link.send(request, Link.ReplyHandler.IGNORED);
        }
        if (harm.happens(harm.late, LATE_OF_THOUSAND, random)) {
            later(() -> link.send(request, handler));
            return 0;
        }
        long correlation = link.send(request, handler);
        if (harm.happens(harm.doubled, DOUBLED_OF_THOUSAND, random)) {
            if (random.nextBoolean()) {
                link.send(request, Link.ReplyHandler.IGNORED);
            } else {
                later(() -> link.send(request, Link.ReplyHandler.IGNORED));
            }
        }
        return correlation;
    }

    private void later(Runnable send) {
        later.schedule(TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(LATEST_MILLIS)), send);
    }

    @Override
    public void close() {
        links.close();
    }
}
