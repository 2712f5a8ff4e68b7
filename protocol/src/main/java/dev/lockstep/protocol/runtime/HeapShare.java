package dev.lockstep.protocol.runtime;

/**
 * Bounds that are smaller where the heap is small, so that what has one never takes most of it. Pure, but for the size of this
 * JVM's heap.
 */
public final class HeapShare {

    private HeapShare() {}

    /** Returns so many bytes, or one of the equal parts of this JVM's heap if that is less. */
    public static long atMost(long bytes, int parts) {
        return atMost(bytes, Runtime.getRuntime().maxMemory(), parts);
    }

    static long atMost(long bytes, long heapBytes, int parts) {
        return Math.min(bytes, heapBytes / parts);
    }
}
