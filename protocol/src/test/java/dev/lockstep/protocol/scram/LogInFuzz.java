package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.fuzz.Allocation;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Arrays;

/**
 * A log-in as a stranger sends it, who knows no password: the first byte tells where its second message begins. It is refused, at once or
 * in the end, and costs little.
 */
public final class LogInFuzz {

    private static final long FIXED_BYTES = 256 * 1024;
    private static final int BYTES_A_BYTE = 256;
    private static final int STEP = 8;

    private LogInFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        int second = Math.min(input.length, 1 + (input[0] & 0xFF) * STEP);
        Bytes first = Bytes.of(Arrays.copyOfRange(input, 1, second));
        Bytes last = Bytes.of(Arrays.copyOfRange(input, second, input.length));
        try {
            Allocation.atMost(
                    FIXED_BYTES + (long) BYTES_A_BYTE * input.length,
                    () -> LogIns.begin(first).finish(last));
        } catch (ScramException refused) {
            return;
        }
        throw new AssertionError("Someone without a password was let in");
    }
}
