package dev.lockstep.protocol.topology;

/**
 * The state of a replica on a node, for operators.
 *
 * @param group number of the shard; -1 for the control group
 * @param term the highest that it knows; 0 if it knows none
 * @param position the last that it has applied; of one that is not open, up to where its checkpoint goes
 * @param leads whether it leads
 * @param note what it waits for, or what is wrong with its node; otherwise empty
 */
public record ReplicaStatus(int group, State state, long term, long position, boolean leads, String note) {

    /** The note of a replica that is not open yet. */
    public static final String OPENING = "it is being read from the disk";

    /** The note of a replica that has stopped without a known failure: as a rule, the others of its group have told it that it is no voter. */
    public static final String CLOSED = "its group has removed it, or it was closed by Ratis for a failure";

    /** The note of a replica that waits for nothing, but whose node is about to stop. */
    public static final String LEAVING = "its node is about to stop";

    /** The note of a replica that waits for nothing, but whose node an operator has drained: it should not lead. */
    public static final String DRAINED = "its node is drained";

    /** The note of a replica that waits for nothing, but had to wait for its disk lately: it should not lead. */
    public static final String SLOW_DISK = "its disk is slow";

    /** The integrity of a replica's log and vote. */
    public enum State {
        /** It has never taken part, and waits for the others. */
        NEW,
        /** It has lost its log and votes, and waits to rejoin. */
        LOST,
        /** It may have lost its vote or the end of its log, and waits to rejoin. */
        TRUNCATED,
        /** It has rejoined, and votes once it has caught up. */
        CATCHING_UP,
        /** It has everything, and votes. */
        INTACT,
        /** It has everything, but has stopped; the node's log says why. */
        STOPPED
    }

    /** The same of a node of which something is to be noted, unless the replica itself waits for something. */
    public ReplicaStatus noting(String ofNode) {
        return note.isEmpty() ? new ReplicaStatus(group, state, term, position, leads, ofNode) : this;
    }
}
