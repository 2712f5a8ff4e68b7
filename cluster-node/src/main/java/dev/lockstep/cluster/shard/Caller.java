package dev.lockstep.cluster.shard;

/** A connection that requests come over, or the JVM itself: the leases it has asked for end with it. */
public interface Caller {

    /** False for good once the connection is closed. */
    boolean isConnected();
}
