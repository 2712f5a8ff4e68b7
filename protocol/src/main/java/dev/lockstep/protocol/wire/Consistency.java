package dev.lockstep.protocol.wire;

/** The consistency level of a read. */
public enum Consistency {
    /** Never behind its own session (P2): answered by any replica that has applied the session's position. */
    SESSION,
    /** Linearizable (P3): answered by the leader after a ReadIndex round. */
    STRONG
}
