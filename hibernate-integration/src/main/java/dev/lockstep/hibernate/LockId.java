package dev.lockstep.hibernate;

/** How a lock's id says which lease it lives by. Stateless. */
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
