package dev.lockstep.cluster.consensus.recovery;

import dev.lockstep.protocol.wire.MalformedFrameException;

/** The part of its votes and acknowledged entries that a replica still has. The numbers are on the wire. */
public enum ReplicaIntegrity {
    /** It has never taken part. */
    NEW,
    /** Its log and votes are lost. */
    LOST,
    /** Its vote, or the end of its log, may be lost, since its machine went down or its vote was corrupt. */
    TRUNCATED,
    /** It has lost what it had before it rejoined, and does not vote before it has caught up. */
    CATCHING_UP,
    /** It has everything. */
    INTACT;

    private static final ReplicaIntegrity[] ALL = values();

    /** @throws MalformedFrameException when there is none of that number */
    static ReplicaIntegrity of(int number) {
        if (number >= ALL.length) {
            throw new MalformedFrameException("There is no replica integrity " + number);
        }
        return ALL[number];
    }
}
