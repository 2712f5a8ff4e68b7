package dev.lockstep.protocol.topology;

/**
 * How a replica on a node is, for operators.
 *
 * @param group number of the shard; -1 for the control group
 * @param term the highest that it knows; 0 if it knows none
 * @param position the last that it has applied; of one that is not open, up to where its checkpoint goes
 * @param leads whether it leads
 * @param note what it waits for, or what is wrong with its node; otherwise empty
 */
public record ReplicaStatus(int group, State state, long term, long position, boolean leads, String note) {

    /** What a replica waits for that is not open yet. */
    public static final String OPENING = "it is being read from the disk";

    /** What a replica notes that waits for nothing, but whose node is about to stop. */
    public static final String LEAVING = "its node is about to stop";

    /** What a replica still knows of what it has said to the others of its group. */
    public enum State {
        /** It has never been there, and waits for the others. */
        NEW,
        /** It has lost its log and its votes, and waits for the others. */
        LOST,
        /** It may have lost the last that it said when its machine went down, and waits for the others. */
        SHORTENED,
        /** It takes part again, and votes once it has caught up. */
        CATCHING_UP,
        /** It knows everything, and votes. */
        WHOLE,
        /** It knows everything, but has stopped; the node's log says why. */
        STOPPED
    }

    /** The same of a node of which something is to be noted, unless the replica itself waits for something. */
    public ReplicaStatus noting(String ofNode) {
        return note.isEmpty() ? new ReplicaStatus(group, state, term, position, leads, ofNode) : this;
    }
}
