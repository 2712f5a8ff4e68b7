package dev.lockstep.cluster.server;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Reply.NodeFacts.BusyKey;
import dev.lockstep.protocol.wire.Request;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The keys of one request in 61, as long as they are not pushed out by later ones: which keys are busy follows from how often they are
 * among these. Thread-safe.
 */
final class KeySamples {

    /** A prime, so that requests that come in turns are all seen. */
    private static final int STRIDE = 61;

    private static final int SAMPLES = 1024;
    private static final int MAX_KEY_BYTES = 512;
    private static final int MOST = 8;
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicReferenceArray<Sample> samples = new AtomicReferenceArray<>(SAMPLES);
    private final AtomicInteger next = new AtomicInteger();
    private final Time time;
    /** Not exact: what threads lose of each other's counts only makes samples rarer. */
    private int seen;

    private record Sample(int cacheId, Bytes key, long nanos) {}

    private record Key(int cacheId, Bytes key) {}

    KeySamples(Time time) {
        this.time = time;
    }

    /** Takes note of a request, or mostly does not. */
    void see(Request.ToShard request) {
        int count = seen + 1;
        if (count < STRIDE) {
            seen = count;
            return;
        }
        seen = 0;
        // The end of a lease is about the key of its beginning, which counts once.
        if (request instanceof Request.OfCache one && !(request instanceof Request.Release)) {
            one.keys().stream().findFirst().ifPresent(key -> add(one.cacheId(), key));
        }
    }

    private void add(int cacheId, Bytes key) {
        if (key.size() <= MAX_KEY_BYTES) {
            samples.set(next.getAndIncrement() & (SAMPLES - 1), new Sample(cacheId, key, time.nanos()));
        }
    }

    /** Returns those of the last minute, with these facts. */
    Reply.NodeFacts with(List<Reply.NodeFacts.Fact> facts) {
        Map<Key, Integer> counts = new HashMap<>();
        int recent = 0;
        long now = time.nanos();
        for (int i = 0; i < SAMPLES; i++) {
            Sample sample = samples.get(i);
            if (sample != null && now - sample.nanos() <= WINDOW_NANOS) {
                recent++;
                counts.merge(new Key(sample.cacheId(), sample.key()), 1, Integer::sum);
            }
        }
        List<BusyKey> busiest = counts.entrySet().stream()
                .map(key -> new BusyKey(key.getKey().cacheId(), key.getKey().key(), key.getValue()))
                .sorted(Comparator.comparingInt(BusyKey::seen).reversed())
                .limit(MOST)
                .toList();
        return new Reply.NodeFacts(facts, recent, busiest);
    }
}
