package dev.lockstep.cluster.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;

/** A checkpoint that is cut off at each of its bytes, and changed in each. Not thread-safe. */
public final class CorruptedCheckpoint {

    private static final int LARGEST_RECORD = 205;
    private static final int TELL_EVERY = 1 << 16;

    private final byte[] whole;
    private long tried;
    private long refused;

    CorruptedCheckpoint(byte[] whole) {
        this.whole = whole;
    }

    /** Makes one of records that don't get shorter when they are compressed. */
    public static CorruptedCheckpoint ofAtLeast(int bytes) throws IOException {
        Random random = new Random(bytes);
        List<byte[]> records = new ArrayList<>();
        for (int size = 0; size < bytes; ) {
            byte[] record = new byte[random.nextInt(LARGEST_RECORD + 1)];
            random.nextBytes(record);
            records.add(record);
            size += record.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CheckpointWriter.write(out, new CheckpointId(1, 2, 3), records::forEach);
        return new CorruptedCheckpoint(out.toByteArray());
    }

    public int size() {
        return whole.length;
    }

    public long tried() {
        return tried;
    }

    public long refused() {
        return refused;
    }

    /**
     * Cuts it off at each byte, and changes each: one bit, all bits, or all of it gone.
     *
     * @param progress told now and then which byte it is at
     * @return what was taken for whole, a line for each
     */
    public List<String> harmEach(IntConsumer progress) {
        List<String> undetected = new ArrayList<>();
        byte[] harmed = whole.clone();
        for (int at = 0; at < whole.length; at++) {
            if (!refuses(new ByteArrayInputStream(whole, 0, at))) {
                undetected.add("cut off at " + at);
            }
            for (int mask : new int[] {1 << (at % 8), 0xFF, whole[at]}) {
                if (mask != 0) {
                    harmed[at] ^= (byte) mask;
                    if (!refuses(new ByteArrayInputStream(harmed))) {
                        undetected.add("byte " + at + " changed by " + mask);
                    }
                    harmed[at] = whole[at];
                }
            }
            if (at % TELL_EVERY == TELL_EVERY - 1) {
                progress.accept(at);
            }
        }
        return undetected;
    }

    private boolean refuses(ByteArrayInputStream bytes) {
        boolean is = isRefused(bytes);
        tried++;
        refused += is ? 1 : 0;
        return is;
    }

    static boolean isRefused(byte[] bytes) {
        return isRefused(new ByteArrayInputStream(Arrays.copyOf(bytes, bytes.length)));
    }

    private static boolean isRefused(ByteArrayInputStream bytes) {
        try {
            CheckpointReader.read(bytes, record -> {});
            return false;
        } catch (IOException refused) {
            return true;
        }
    }
}
