package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.wire.MalformedFrameException;

/** An entry of a shard's log: it is decoded, and comes back the same, or it is malformed. */
public final class BatchFuzz {

    private static final int FIXED_BYTES = 64 * 1024;
    /** The worst that memory can be of its bytes: an eviction of empty keys, two bytes each. */
    private static final int BYTES_A_BYTE = 96;

    private BatchFuzz() {}

    public static void fuzzerTestOneInput(byte[] entry) {
        Batch batch;
        try {
            batch = Allocation.atMost(FIXED_BYTES + (long) BYTES_A_BYTE * entry.length, () -> BatchCodec.decode(entry));
        } catch (MalformedFrameException refused) {
            return;
        }
        Batch again = BatchCodec.decode(BatchCodec.encode(batch));
        if (!again.equals(batch)) {
            throw new AssertionError(batch + " came back as " + again);
        }
    }
}
