package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.BytesMachine;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Remembers the numbers that entries begin with, in the order in which they are applied. Thread-safe. */
final class OrderMachine implements BytesMachine<Long> {

    private static final int NOISE_BYTES = 64 * 1024;

    private final int noise;
    private long[] numbers = new long[1 << 12];
    private int size;
    private long position = -1;
    private int restored;

    OrderMachine() {
        this(0);
    }

    /** @param noise how many blocks of 64 KiB its checkpoints are larger than they need to be */
    OrderMachine(int noise) {
        this.noise = noise;
    }

    @Override
    public synchronized Long apply(long applied, byte[] entry) {
        if (applied <= position) {
            throw new IllegalStateException(applied + " is applied after " + position);
        }
        position = applied;
        if (size == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * size);
        }
        numbers[size] = ByteBuffer.wrap(entry).getLong();
        size++;
        return applied;
    }

    @Override
    public synchronized Image image() {
        ByteBuffer all = ByteBuffer.allocate(Long.BYTES * size);
        for (int i = 0; i < size; i++) {
            all.putLong(numbers[i]);
        }
        return new Image() {
            @Override
            public void forEach(Consumer<byte[]> record) {
                record.accept(all.array());
                Random random = new Random(position);
                for (int i = 0; i < noise; i++) {
                    byte[] block = new byte[NOISE_BYTES];
                    random.nextBytes(block);
                    record.accept(block);
                }
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public Restoration restoration() {
        return new Restoration() {
            private long @Nullable [] anew;

            @Override
            public void record(byte[] record) {
                if (anew != null) {
                    return; // noise
                }
                anew = new long[record.length / Long.BYTES];
                ByteBuffer.wrap(record).asLongBuffer().get(anew);
            }

            @Override
            public void done(long restoredPosition) {
                restore(Objects.requireNonNull(anew), restoredPosition);
            }
        };
    }

    private synchronized void restore(long[] anew, long restoredPosition) {
        numbers = Arrays.copyOf(anew, Math.max(anew.length, 1 << 12));
        size = anew.length;
        position = restoredPosition;
        restored++;
    }

    /** Counts how often a checkpoint has taken the place of its state. */
    synchronized int restored() {
        return restored;
    }

    @Override
    public void leadershipChanged() {}

    synchronized long[] numbers() {
        return Arrays.copyOf(numbers, size);
    }

    /** The position of the last entry; -1 before the first. */
    synchronized long position() {
        return position;
    }
}
