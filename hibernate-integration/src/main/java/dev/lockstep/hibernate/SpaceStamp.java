package dev.lockstep.hibernate;

/**
 * When a table was last written, and by whom it is being written.
 *
 * @param last the stamp of the last write that has ended; 0 when none has
 * @param writers locks of the transactions that have not ended
 */
record SpaceStamp(long last, LockItem writers) {

    private static final char SEPARATOR = '|';

    static final SpaceStamp NEVER = new SpaceStamp(0, LockItem.parse(""));

    /** What {@link #text} wrote. */
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
