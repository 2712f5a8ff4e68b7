package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.link.SessionPositions;
import dev.lockstep.protocol.routing.Router;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Deadline;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
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
import java.util.Iterator;
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
        CompletableFuture<Reply.Written> written =
                numbered(shard, id -> new Request.Write(cacheId, shard, id, single, lease));
        return Futures.isSuccess(written)
                ? CompletableFuture.completedFuture(result(shard, written.join()))
                : written.thenApply(reply -> result(shard, reply));
    }

    private static WriteResult result(int shard, Reply.Written written) {
        return new WriteResult(shard, written.position(), written.results().get(0));
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
        List<CompletableFuture<Void>> ended = new ArrayList<>();
        Burst.run(() -> byShard.forEach((shard, ofShard) -> {
            InTurn inTurn = new InTurn(cacheId, shard, WriteChunks.of(ofShard, SessionWrites::size), parts);
            inTurn.goOn();
            ended.add(inTurn.ended);
        }));
        return Session.all(ended).thenApply(ignored -> parts.outcome());
    }

    /**
     * The parts of one call for one shard, one after another, each with a deadline of its own: so the deadline is about progress,
     * however much there is to write. After one that failed the rest is not sent. One step at a time.
     */
    private final class InTurn {

        private final int cacheId;
        private final int shard;
        private final Iterator<List<Mutation>> chunks;
        private final Parts parts;
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        InTurn(int cacheId, int shard, List<List<Mutation>> chunks, Parts parts) {
            this.cacheId = cacheId;
            this.shard = shard;
            this.chunks = chunks.iterator();
            this.parts = parts;
        }

        void goOn() {
            while (chunks.hasNext()) {
                List<Mutation> chunk = chunks.next();
                CompletableFuture<Reply.Written> part =
                        numbered(shard, id -> new Request.Write(cacheId, shard, id, chunk, LeaseId.NONE));
                if (!part.isDone()) {
                    part.whenComplete((written, failure) -> {
                        tell(chunk, written, failure);
                        goOn();
                    });
                    return;
                }
                part.whenComplete((written, failure) -> tell(chunk, written, failure));
            }
            ended.complete(null);
        }

        private void tell(List<Mutation> chunk, Reply.@Nullable Written written, @Nullable Throwable failure) {
            parts.ended(shard, chunk, written, failure);
            if (failure != null) {
                Throwable notSent = notSent(Futures.cause(failure));
                chunks.forEachRemaining(rest -> parts.ended(shard, rest, null, notSent));
            }
        }

        private Throwable notSent(Throwable failure) {
            boolean unknown = !(failure instanceof RequestFailedException refused)
                    || refused.status().kind() == Status.Kind.INDETERMINATE;
            Status status = unknown ? Status.NO_LEADER : ((RequestFailedException) failure).status();
            return new RequestFailedException(
                    status,
                    "Not sent, since the part before it in shard " + shard + " failed: " + failure.getMessage());
        }
    }

    /** The results of the parts of one call. Thread-safe. */
    private static final class Parts {

        private final Map<Bytes, WriteResult> results = new HashMap<>();
        private final Map<Bytes, Throwable> failures = new HashMap<>();

        synchronized void ended(
                int shard, List<Mutation> chunk, Reply.@Nullable Written written, @Nullable Throwable failure) {
            for (int i = 0; i < chunk.size(); i++) {
                Bytes key = chunk.get(i).key();
                if (written == null) {
                    failures.put(key, Futures.cause(failure));
                } else {
                    results.put(
                            key,
                            new WriteResult(
                                    shard, written.position(), written.results().get(i)));
                }
            }
        }

        synchronized Map<Bytes, WriteResult> outcome() {
            if (!failures.isEmpty()) {
                throw new PartialWriteException(results, failures);
            }
            return results;
        }
    }

    /** Gives a write its id and sends it; a shard that has forgotten the session gets a new one. */
    private CompletableFuture<Reply.Written> numbered(int shard, Function<RequestId, Request> request) {
        ShardSequencer sequencer = sequencers.get(shard);
        RequestId id = sequencer.acquireNow();
        if (id == null) {
            return numbered(shard, request, router.deadline());
        }
        CompletableFuture<Reply> call = router.call(request.apply(id));
        if (Futures.isSuccess(call)) {
            sequencer.release(id);
            return CompletableFuture.completedFuture(saw(shard, (Reply.Written) call.join()));
        }
        call = call.whenComplete((reply, failure) -> sequencer.release(id));
        return written(call, sequencer, shard, request, router.deadline());
    }

    private CompletableFuture<Reply.Written> numbered(
            int shard, Function<RequestId, Request> request, Deadline deadline) {
        ShardSequencer sequencer = sequencers.get(shard);
        CompletableFuture<Reply> call = sequencer
                .acquire(router.remainingNanos(deadline))
                .thenCompose(id -> router.call(request.apply(id), deadline)
                        .whenComplete((reply, failure) -> sequencer.release(id)));
        return written(call, sequencer, shard, request, deadline);
    }

    private CompletableFuture<Reply.Written> written(
            CompletableFuture<Reply> call,
            ShardSequencer sequencer,
            int shard,
            Function<RequestId, Request> request,
            Deadline deadline) {
        return call.thenApply(reply -> saw(shard, (Reply.Written) reply)).exceptionallyCompose(failure -> {
            if (isExpired(failure) && router.remainingNanos(deadline) > 0) {
                sequencers.compareAndSet(shard, sequencer, new ShardSequencer(loop, entropy));
                return numbered(shard, request, deadline);
            }
            return CompletableFuture.failedFuture(Futures.cause(failure));
        });
    }

    private static boolean isExpired(Throwable failure) {
        return Futures.cause(failure) instanceof RequestFailedException refused
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

    private static RequestFailedException tooLarge(Mutation mutation) {
        return new RequestFailedException(
                Status.INVALID,
                "A key and its value have " + size(mutation) + " bytes together. The limit is 4 MiB ("
                        + FrameCodec.MAX_ENTRY_BYTES + " bytes), and no setting changes it: store less under one key");
    }
}
