package dev.lockstep.protocol.session;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** Cuts what belongs to one shard into requests that stay far below the frame limit. Stateless. */
final class WriteChunks {

    static final int MAX_KEYS = 1_000;
    static final int MAX_BYTES = 1024 * 1024;

    private WriteChunks() {}

    /** Splits a list into chunks, in order; an element too large for a chunk gets one of its own. */
    static <T> List<List<T>> of(List<T> values, ToIntFunction<T> size) {
        List<List<T>> chunks = new ArrayList<>();
        List<T> chunk = new ArrayList<>();
        int bytes = 0;
        for (T value : values) {
            int next = size.applyAsInt(value);
            if (!chunk.isEmpty() && (chunk.size() == MAX_KEYS || bytes + next > MAX_BYTES)) {
                chunks.add(chunk);
                chunk = new ArrayList<>();
                bytes = 0;
            }
            chunk.add(value);
            bytes += next;
        }
        chunks.add(chunk);
        return chunks;
    }
}
