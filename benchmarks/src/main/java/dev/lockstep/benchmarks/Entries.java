package dev.lockstep.benchmarks;

import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** The numbered entries of a cache, each of 100 characters. Thread-safe. */
public record Entries(Session session, int cache) {

    private static final Bytes VALUE = Bytes.utf8("v".repeat(100));
    private static final int TOGETHER = 1_000;

    /** Creates their cache. */
    public static Entries create(Session session) {
        return new Entries(
                session,
                session.createCache(
                                new CacheDefinition("driver", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION))
                        .join()
                        .id());
    }

    private static Bytes key(int number) {
        return Bytes.utf8("customer:" + number);
    }

    private static Mutation mutation(int number) {
        return Mutation.put(key(number), VALUE, Condition.ANY);
    }

    public CompletableFuture<WriteResult> put(int number) {
        return session.write(cache, mutation(number), LeaseId.NONE);
    }

    public int shardOf(int number) {
        return session.view().map().shardOf(cache, key(number).hash64());
    }

    /** Writes those below {@code count}. */
    public void fill(int count) {
        for (int from = 0; from < count; from += TOGETHER) {
            session.writeAll(
                            cache,
                            IntStream.range(from, Math.min(from + TOGETHER, count))
                                    .mapToObj(Entries::mutation)
                                    .toList())
                    .join();
        }
    }
}
