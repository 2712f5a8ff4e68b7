package dev.lockstep.hibernate;

/** The encoding of a lock's id, which names the lease that keeps it alive. Stateless. */
final class LockId {

    private static final char SEPARATOR = '.';

    private LockId() {}

    static String of(String lease, long number) {
        return lease + SEPARATOR + Long.toString(number, Character.MAX_RADIX);
    }

    static String leaseOf(String lock) {
        int end = lock.indexOf(SEPARATOR);
        return end < 0 ? lock : lock.substring(0, end);
    }
}
