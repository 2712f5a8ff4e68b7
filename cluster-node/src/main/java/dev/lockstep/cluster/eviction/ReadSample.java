package dev.lockstep.cluster.eviction;

import dev.lockstep.protocol.wire.Bytes;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The keys that were read since the sample was last taken. Reads that do not fit, or collide with another, are not
 * recorded: a reader never waits. Anyone may note, one thread at a time may take.
 */
final class ReadSample {

    static final int MAX = 1_024;

    private final AtomicReferenceArray<@Nullable Bytes> keys = new AtomicReferenceArray<>(MAX);
    private final AtomicInteger noted = new AtomicInteger();
    private volatile int taken;

    void note(Bytes key) {
        int at = noted.get();
        if (at - taken < MAX && noted.compareAndSet(at, at + 1)) {
            keys.set(at & (MAX - 1), key);
        }
    }

    /** Tells and forgets what was noted, the oldest first. */
    void take(Consumer<Bytes> reader) {
        int at = taken;
        for (int end = noted.get(); at != end; at++) {
            Bytes key = keys.getAndSet(at & (MAX - 1), null);
            if (key == null) {
                // Its reader has the place, and is about to fill it.
                break;
            }
            reader.accept(key);
        }
        taken = at;
    }
}
