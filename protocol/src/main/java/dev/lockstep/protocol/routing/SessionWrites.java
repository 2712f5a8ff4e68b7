package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A session's writes: each gets an id for good, so that it is applied once however often it is sent (P1). Thread-safe.
 */
final class SessionWrites {

    private final Router router;
    private final SessionPositions positions;
    private final EventLoop loop;
    private final Entropy entropy;
    private final AtomicReferenceArray<ShardSequencer> sequencers;

    SessionWrites(Router router, SessionPositions positions, EventLoop loop, Entropy entropy) {
        this.router = router;
        this.positions = positions;
        this.loop = loop;
        this.entropy = entropy;
        this.sequencers = new AtomicReferenceArray<>(router.view().map().shards());
        for (int shard = 0; shard < sequencers.length(); shard++) {
            sequencers.set(shard, new ShardSequencer(loop, entropy));
        }
    }

    CompletableFuture<WriteResult> write(int cacheId, int shard, Mutation mutation, LeaseId lease) {
        if (isTooLarge(mutation)) {
            return CompletableFuture.failedFuture(tooLarge(mutation));
        }
        List<Mutation> single = List.of(mutation);
        return numbered(shard, id -> new Request.Write(cacheId, shard, id, single, lease))
                .thenApply(written -> new WriteResult(
                        shard, written.position(), written.results().get(0)));
    }

    CompletableFuture<Reply.Written> clear(int cacheId, int shard) {
        return numbered(shard, id -> new Request.Clear(cacheId, shard, id));
    }

    CompletableFuture<Map<Bytes, WriteResult>> writeAll(int cacheId, Map<Integer, List<Mutation>> byShard) {
        for (Mutation mutation :
                byShard.values().stream().flatMap(Collection::stream).toList()) {
            if (isTooLarge(mutation)) {
                return CompletableFuture.failedFuture(tooLarge(mutation));
            }
        }
        Parts parts = new Parts();
        List<CompletableFuture<?>> ended = new ArrayList<>();
        byShard.forEach((shard, ofShard) -> {
            for (List<Mutation> chunk : Chunks.of(ofShard, SessionWrites::size)) {
                ended.add(numbered(shard, id -> new Request.Write(cacheId, shard, id, chunk, LeaseId.NONE))
                        .handle((written, failure) -> parts.ended(shard, chunk, written, failure)));
            }
        });
        return Session.all(ended).thenApply(ignored -> parts.outcome());
    }

    /** What came of the parts of one call. Thread-safe. */
    private static final class Parts {

        private final Map<Bytes, WriteResult> results = new HashMap<>();
        private final Map<Bytes, Throwable> failures = new HashMap<>();

        synchronized Parts ended(
                int shard, List<Mutation> chunk, Reply.@Nullable Written written, @Nullable Throwable failure) {
            for (int i = 0; i < chunk.size(); i++) {
                Bytes key = chunk.get(i).key();
                if (written == null) {
                    failures.put(key, Session.unwrap(failure));
                } else {
                    results.put(
                            key,
                            new WriteResult(
                                    shard, written.position(), written.results().get(i)));
                }
            }
            return this;
        }

        synchronized Map<Bytes, WriteResult> outcome() {
            if (!failures.isEmpty()) {
                throw new PartialWriteException(results, failures);
            }
            return results;
        }
    }

    private CompletableFuture<Reply.Written> numbered(int shard, Function<RequestId, Request> request) {
        return numbered(shard, request, router.deadline());
    }

    /** Gives a write its id and sends it; a shard that has forgotten the session gets a new one. */
    private CompletableFuture<Reply.Written> numbered(
            int shard, Function<RequestId, Request> request, Deadline deadline) {
        ShardSequencer sequencer = sequencers.get(shard);
        return sequencer
                .acquire(router.remainingNanos(deadline))
                .thenCompose(id -> router.call(request.apply(id), deadline)
                        .whenComplete((reply, failure) -> sequencer.release(id)))
                .thenApply(reply -> saw(shard, (Reply.Written) reply))
                .exceptionallyCompose(failure -> {
                    if (isExpired(failure) && router.remainingNanos(deadline) > 0) {
                        sequencers.compareAndSet(shard, sequencer, new ShardSequencer(loop, entropy));
                        return numbered(shard, request, deadline);
                    }
                    return CompletableFuture.failedFuture(Session.unwrap(failure));
                });
    }

    private static boolean isExpired(Throwable failure) {
        return Session.unwrap(failure) instanceof LockstepException refused
                && refused.status() == Status.SESSION_EXPIRED;
    }

    private Reply.Written saw(int shard, Reply.Written written) {
        positions.saw(shard, written.position());
        positions.judged(shard, written.logTimeMillis());
        return written;
    }

    private static int size(Mutation mutation) {
        return mutation.key().size()
                + (mutation.value() == null ? 0 : mutation.value().size());
    }

    private static boolean isTooLarge(Mutation mutation) {
        return size(mutation) > FrameCodec.MAX_ENTRY_BYTES;
    }

    private static LockstepException tooLarge(Mutation mutation) {
        return new LockstepException(
                Status.INVALID,
                "A key and its value have " + size(mutation) + " bytes together; at most " + FrameCodec.MAX_ENTRY_BYTES
                        + " can be stored");
    }
}
