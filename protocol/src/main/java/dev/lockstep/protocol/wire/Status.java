package dev.lockstep.protocol.wire;

/** The reason why a request was refused, and so whether it may be sent again (promise P8). */
public enum Status {
    /** The shard is led elsewhere, or not hosted here: ask the hinted node. */
    MOVED(Kind.TRANSIENT),
    /** The shard has no leader at this moment. */
    NO_LEADER(Kind.TRANSIENT),
    /** Too much is waiting: come back after the time given. */
    BUSY(Kind.TRANSIENT),
    /** This replica is behind the session, or out of touch with its leader: ask another. */
    BEHIND(Kind.TRANSIENT),
    /** The lease did not become free in time. Nothing happened. */
    LEASE_TIMEOUT(Kind.TRANSIENT),
    /** No cache has this id or name (any more). */
    NO_SUCH_CACHE(Kind.PERMANENT),
    /** The cache exists with another definition; the message names the difference. */
    DEFINITION_DIFFERS(Kind.PERMANENT),
    /** The shard has forgotten the session, so it can't tell whether a retry was applied. */
    SESSION_EXPIRED(Kind.PERMANENT),
    /** The request breaks a rule or a limit, which the message names. */
    INVALID(Kind.PERMANENT),
    /** The peers speak no common protocol version. */
    VERSION_MISMATCH(Kind.PERMANENT),
    /** The peer belongs to another cluster. */
    WRONG_CLUSTER(Kind.PERMANENT),
    /** It may or may not have happened; the same request id tells. */
    INDETERMINATE(Kind.INDETERMINATE),
    /** The node failed at it; its log says why. Nothing is known of the outcome. */
    INTERNAL(Kind.INDETERMINATE),
    /** The answer would not fit into a frame: ask for less at once. */
    TOO_LARGE(Kind.PERMANENT),
    /** The node has other settings than its peer where all nodes of a cluster must have the same; the message names them. */
    FORMATION_DIFFERS(Kind.PERMANENT),
    /** Another process is the node that this one says to be. */
    NODE_IN_USE(Kind.PERMANENT),
    /** The peer may not do that. */
    FORBIDDEN(Kind.PERMANENT),
    /** The node that was to pass the request on can't reach the other one: it was not sent there. */
    UNREACHABLE(Kind.TRANSIENT),
    /** The node can't do the version that the cluster has; the message names both. */
    CLUSTER_VERSION(Kind.PERMANENT),
    /** The entries of a node take as much memory as they may: remove some, let some expire, bound caches, or give nodes more. */
    FULL(Kind.PERMANENT);

    /** The consequence of a refusal for a retry. */
    public enum Kind {
        /** Nothing happened; a retry is safe. */
        TRANSIENT,
        /** Nothing happened; a retry will be refused too. */
        PERMANENT,
        /** It may have happened; only a retry with the same request id is safe. */
        INDETERMINATE
    }

    private final Kind kind;

    Status(Kind kind) {
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
