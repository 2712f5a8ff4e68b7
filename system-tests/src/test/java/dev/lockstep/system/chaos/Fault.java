package dev.lockstep.system.chaos;

/** The faults injected into a cluster. Each is undone after a while. */
enum Fault {
    /** SIGKILL of any node, and a restart. */
    KILL_NODE,
    /** SIGKILL of the leader of a shard, each shard's in turn. */
    KILL_LEADER,
    /** SIGKILL of all nodes at once. */
    KILL_ALL,
    /** SIGTERM of one node, which hands its leaderships over, and a restart: a step of a rolling restart, each node's in turn. */
    RESTART_NODE,
    /** SIGSTOP of the leader of a shard: it goes on later where it was. */
    FREEZE_LEADER,
    /** SIGSTOP of any node. */
    FREEZE_NODE,
    /** Nothing comes from or to a shard's leader; its own clients still reach it. */
    ISOLATE_LEADER,
    /** Nothing comes from or to a node. */
    ISOLATE_NODE,
    /** The connections of a node are closed, and closed again. */
    CUT_NODE,
    /** Likewise of a shard's leader: the others' clients notice at once and go on, while it does not know yet. */
    CUT_LEADER,
    /** A leader's connections with clients are closed, and closed again; the other nodes reach it, and a client its own node. */
    CUT_CLIENTS,
    /** A leader is heard by the others and hears nothing. */
    DEAF_LEADER,
    /** A leader hears the others and is not heard. */
    MUTE_LEADER,
    /** Replies to a leader vanish, with the connections later. */
    LOSE_REPLIES,
    /** All that goes from and to a node takes long. */
    SLOW_NODE,
    /** Requests sent to a leader over the connections that are open arrive much later, when those have been given up. */
    LATE_REQUESTS,
    /** SIGKILL of a client inside {@code invoke} on a key that others use. */
    KILL_CLIENT,
    /** SIGSTOP of a client there: it goes on later where it was. */
    FREEZE_CLIENT,
    /** The wall clock of a shard's leader jumps by an hour or a day, forward or back. */
    JUMP_CLOCK,
    /** The wall clock of a shard's leader goes too fast or too slowly, or stops. */
    DRIFT_CLOCK
}
