package dev.lockstep.benchmarks.peers;

/** The part that a JVM plays. */
public enum Role {
    /** A member in a process of its own. */
    SERVER,
    /** Has the callers; the members are elsewhere. */
    CLIENT,
    /** A member in an application's process; the first has the callers. */
    EMBEDDED,
    /** Everything within the callers' JVM. */
    LOCAL
}
