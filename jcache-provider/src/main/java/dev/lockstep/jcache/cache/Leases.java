package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * The leases of many entries, held together and acquired without deadlock: first many at a time, waiting for none of them for long; if one
 * is not free, one after another in the order of the keys' bytes, which all clients follow. Belongs to one operation; leases are added on the
 * threads of the session.
 */
final class Leases {

    private static final int TOGETHER = 256;

    private final CacheClient<?, ?> client;
    private final Map<Bytes, LeaseGrant> held = new ConcurrentHashMap<>();
    private final Queue<CompletableFuture<LeaseGrant>> asked = new ConcurrentLinkedQueue<>();
    private volatile boolean unwanted;

    private Leases(CacheClient<?, ?> client) {
        this.client = client;
    }

    /**
     * Acquires the leases of all keys; fails without holding any.
     *
     * @param callerExecutor runs the operation; if its caller gives up, the leases are released
     */
    static CompletableFuture<Leases> of(SortedSet<Bytes> keys, CacheClient<?, ?> client, Executor callerExecutor) {
        Leases leases = new Leases(client);
        CallerThreadExecutor.whenLeft(callerExecutor, leases::leave);
        return leases.together(keys)
                .exceptionallyCompose(failure -> {
                    leases.release();
                    return isTaken(failure) ? leases.inOrder(keys) : CompletableFuture.failedFuture(failure);
                })
                .whenComplete((none, failure) -> {
                    if (failure != null) {
                        leases.release();
                    }
                })
                .thenApply(none -> leases);
    }

    private CompletableFuture<Void> together(SortedSet<Bytes> keys) {
        CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
        for (Iterator<Bytes> left = keys.iterator(); left.hasNext(); ) {
            List<Bytes> some = new ArrayList<>();
            while (left.hasNext() && some.size() < TOGETHER) {
                some.add(left.next());
            }
            all = all.thenCompose(none -> CompletableFuture.allOf(
                    some.stream().map(key -> ask(key, client.leaseIfFree(key))).toArray(CompletableFuture[]::new)));
        }
        return all;
    }

    private CompletableFuture<Void> inOrder(SortedSet<Bytes> keys) {
        CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
        for (Bytes key : keys) {
            all = all.thenCompose(none -> ask(key, client.lease(key)));
        }
        return all;
    }

    private CompletableFuture<Void> ask(Bytes key, CompletableFuture<LeaseGrant> lease) {
        asked.add(lease);
        if (unwanted) {
            lease.cancel(false);
        }
        return lease.thenAccept(granted -> held.put(key, granted));
    }

    /** Gives up: asks for no more leases, and cancels those that were asked for. */
    private void leave() {
        unwanted = true;
        asked.forEach(lease -> lease.cancel(false));
    }

    private static boolean isTaken(Throwable failure) {
        return Futures.cause(failure) instanceof RequestFailedException refused
                && refused.status() == Status.LEASE_TIMEOUT;
    }

    LeaseGrant of(Bytes key) {
        return Objects.requireNonNull(held.get(key), "no lease of that key was asked for");
    }

    /** Releases all leases without waiting. */
    void release() {
        held.forEach((key, lease) -> client.abandon(key, lease.id()));
        held.clear();
    }
}
