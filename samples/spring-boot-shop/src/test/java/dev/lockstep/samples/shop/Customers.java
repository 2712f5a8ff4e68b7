package dev.lockstep.samples.shop;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A clerk, who raises prices at one instance after the other, and customers, who look at these products at all instances and
 * judge what they are shown.
 */
final class Customers implements AutoCloseable {

    /** Few, so that each is changed, and looked at, all the time. */
    private static final int REPRICED = 4;

    private static final int CUSTOMERS = 4;

    private final List<Instance> instances;
    private final Prices prices;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger shown = new AtomicInteger();
    private final AtomicInteger raised = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();
    private volatile boolean closing;

    Customers(List<Instance> instances, Prices prices) {
        this.instances = instances;
        this.prices = prices;
    }

    /** Begins; until it is closed. */
    void come() {
        threads.add(new Thread(() -> repeat(this::raise), "clerk"));
        for (int i = 0; i < CUSTOMERS; i++) {
            int first = i;
            threads.add(new Thread(() -> repeat(turn -> look(turn + first)), "customer " + i));
        }
        threads.forEach(Thread::start);
    }

    private void repeat(Visit visit) {
        try {
            for (int turn = 0; !closing; turn++) {
                visit.at(turn);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException unexpected) {
            wrong("The " + Thread.currentThread().getName() + " has left: " + unexpected);
        }
    }

    private void raise(int turn) throws InterruptedException {
        int id = 1 + turn / instances.size() % REPRICED;
        Instance instance = living(turn);
        int cents = prices.rise(id);
        try {
            if (instance.reprice(id, cents)) {
                prices.known(id, cents);
                raised.incrementAndGet();
            } else {
                refused.incrementAndGet();
            }
        } catch (IOException failure) {
            failed(instance, failure);
        }
    }

    private void look(int turn) throws InterruptedException {
        check(living(turn), 1 + ThreadLocalRandom.current().nextInt(REPRICED));
    }

    /** Looks at one offer. */
    void check(Instance instance, int id) throws InterruptedException {
        int lowest = prices.lowest(id);
        try {
            Offer offer = instance.offer(id);
            int cents = offer.price().movePointRight(2).intValueExact();
            shown.incrementAndGet();
            if (cents < lowest || cents > prices.highest(id) || !offer.name().equals("tea no. " + id)) {
                wrong("%s was shown, at %d cents or more".formatted(offer, lowest));
            }
            prices.known(id, cents);
        } catch (IOException failure) {
            failed(instance, failure);
        }
    }

    private Instance living(int turn) {
        List<Instance> living =
                instances.stream().filter(instance -> !instance.isKilled()).toList();
        return living.get(turn % living.size());
    }

    /** Requests in flight at an instance that has just been killed may fail. */
    private void failed(Instance instance, IOException failure) {
        if (!instance.isKilled()) {
            wrong("Instance " + instance.name() + ": " + failure);
        }
    }

    private void wrong(String what) {
        System.out.println(what);
        wrong.incrementAndGet();
    }

    int wrong() {
        return wrong.get();
    }

    /** Summarizes the work so far. */
    String done() {
        return "%d offers were shown, %d prices raised, %d refused".formatted(shown.get(), raised.get(), refused.get());
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        for (Thread thread : threads) {
            thread.join();
        }
        threads.clear();
    }

    private interface Visit {
        void at(int turn) throws InterruptedException;
    }
}
