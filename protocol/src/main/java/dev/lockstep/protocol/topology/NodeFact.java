package dev.lockstep.protocol.topology;

import java.util.Locale;

/** The facts that a node can tell of itself and of its host; some only if it is so. */
public enum NodeFact {
    /** By how many milliseconds its clock is ahead of most members', negative if behind; 0 if it is not off. */
    CLOCK_AHEAD_MILLIS,
    /** Replicas that each shard is to have, by its settings. */
    REPLICATION_FACTOR,
    /** Seconds since it knows of the oldest move that is under way; none without a move. */
    OLDEST_MOVE_SECONDS,
    /** Bytes that are free on the disk of its data or of its Raft logs, whichever is fuller. */
    DISK_FREE_BYTES,
    /** Bytes that this disk has. */
    DISK_TOTAL_BYTES,
    /** Microseconds that a small write took until it was synced, the median of a few; of those that did not end, what had passed. */
    DISK_SYNC_MICROS,
    /** The error by which such a write failed; none if it did not. */
    DISK_FAILURE,
    /** The moment at which its certificate expires, in milliseconds since 1970; none without TLS. */
    CERTIFICATE_EXPIRES_MILLIS,
    /** Bytes that its heap may have. */
    HEAP_MAX_BYTES,
    /** Bytes in use after the last collection; none before the first. */
    HEAP_LIVE_BYTES,
    /** Bytes that entries take in its heap. */
    ENTRIES_BYTES,
    /** Bytes that they may take. */
    ENTRIES_LIMIT_BYTES,
    /** Threads of the JVM's common pool. */
    COMMON_POOL_THREADS,
    /** Processors that the JVM may use. */
    PROCESSORS,
    /** Files and connections that are open. */
    FILES_OPEN,
    /** Files and connections that may be open. */
    FILES_MAX,
    /** Whether the process ends at an OutOfMemoryError. */
    EXITS_WITHOUT_MEMORY,
    /** The version of Java. */
    JAVA,
    /** Seconds since the process was started. */
    UPTIME_SECONDS;

    /** Its name in a reply, as {@code disk-free-bytes}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
