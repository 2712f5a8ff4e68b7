package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.LogMachine;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Remembers the numbers that entries begin with, in the order in which they are applied. Thread-safe. */
final class OrderMachine implements LogMachine {

    private long[] numbers = new long[1 << 12];
    private int size;
    private long position = -1;

    @Override
    public synchronized Object apply(long applied, byte[] entry) {
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
    public void standingChanged() {}

    synchronized long[] numbers() {
        return Arrays.copyOf(numbers, size);
    }

    /** The position of the last entry; -1 before the first. */
    synchronized long position() {
        return position;
    }
}
