package dev.lockstep.hibernate;

/**
 * The time of a table's last write, and the sessions that are writing it.
 *
 * @param last the stamp of the last write that has ended; 0 when none has
 * @param writers locks of the transactions that have not ended
 */
record SpaceStamp(long last, LockItem writers) {

    private static final char SEPARATOR = '|';

    static final SpaceStamp NEVER = new SpaceStamp(0, LockItem.parse(""));

    /** Parses the output of {@link #text}. */
    static SpaceStamp parse(String text) {
        int end = text.indexOf(SEPARATOR);
        return new SpaceStamp(Long.parseLong(text.substring(0, end)), LockItem.parse(text.substring(end + 1)));
    }

    String text() {
        return last + String.valueOf(SEPARATOR) + writers.text();
    }

    boolean isBeingWritten() {
        return !writers.isEmpty();
    }

    SpaceStamp writtenBy(String lock) {
        return new SpaceStamp(last, writers.with(lock));
    }

    /** A stamp that comes late does not set the time back. */
    SpaceStamp endedAt(long stamp, LockItem remaining) {
        return new SpaceStamp(Math.max(last, stamp), remaining);
    }
}
