package dev.lockstep.cluster.simulation;

/** A fault at one point of a change of the layout. Immutable. */
record Interruption(Step step, Role role, When when, Fault fault) {

    /** The steps by which a change comes about, each seen where it happens first. */
    enum Step {
        /** The leader of the control group proposes the layout that names the target of the group's move. */
        PLAN_PROPOSED,
        /** A replica of the control group applies it. */
        PLANNED,
        /** The group's leader asks the target to open a replica. */
        OPENING_ASKED,
        /** The replica is open, and empty. */
        OPENED,
        /** The leader begins to add a voter: it sends it the log or a checkpoint. */
        STAGED,
        /** The leader begins to remove a voter, and adds none. */
        DROPPING,
        /** The leader has written the entry from which on a majority of both the old and the new voters decides. */
        JOINT,
        /** The new replica is a voter, beside the one that leaves. */
        ADDED,
        /** The leader, which leaves, asks another to take over. */
        TRANSFERRING,
        /** Another leads. */
        TRANSFERRED,
        /** The voters are the target. */
        VOTERS_CHANGED,
        /** The leader of the control group is told so. */
        REPORTED,
        /** It proposes the layout in which the target are the hosts. */
        PUBLICATION_PROPOSED,
        /** A replica of the control group applies it. */
        PUBLISHED,
        /** The node that hosts the group no more begins to delete its replica. */
        REMOVING,
        /** It has deleted it. */
        REMOVED,
        /** A replica of the control group applies the layout of which the leaving node is no member. */
        DISMISSED
    }

    /** The node to which it happens. */
    enum Role {
        /** Leads the group that is moved. */
        LEADER,
        /** Leads the control group. */
        CONTROL_LEADER,
        /** Hosts a replica before the move, and not after it. */
        SOURCE,
        /** Hosts a replica after the move, and not before it. */
        TARGET
    }

    enum When {
        /** Between the step and the event before it, so that the step does not happen then, or nobody hears of it. */
        BEFORE,
        /** At the end of the event that is the step. */
        AFTER
    }

    enum Fault {
        /** Without what was not synced; it is started again later. */
        KILL,
        PAUSE,
        /** From all nodes and clients. */
        PARTITION
    }
}
