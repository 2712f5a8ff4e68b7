package dev.lockstep.protocol.access;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A kind of thing that a role permits, on caches or on the cluster. */
public enum Right {
    /** Read entries, list keys, listen for changes. */
    READ(true),
    /** Write and remove entries; with {@link #READ} also what returns the entry as it was, and entry processors. */
    WRITE(true),
    /** Create caches, and alter their definitions. */
    CREATE(true),
    /** Destroy caches. */
    DESTROY(true),
    /** See how the replicas are, and which node is drained. */
    MONITOR(false),
    /** Drain, add and remove nodes, move and recover shards, and, with {@link #READ} on all caches, back them up. */
    OPERATE(false),
    /** Change users and roles. */
    ADMINISTER(false);

    private final boolean onCaches;
    private final Set<Right> only = Set.of(this);

    Right(boolean onCaches) {
        this.onCaches = onCaches;
    }

    /** Returns the set of this right alone. */
    public Set<Right> only() {
        return only;
    }

    /** Tells whether it is granted on caches by their names; otherwise it is one on the cluster. */
    public boolean isOnCaches() {
        return onCaches;
    }

    /** Returns all rights on caches, or all on the cluster. */
    public static Set<Right> onCaches(boolean onCaches) {
        return Stream.of(values())
                .filter(right -> right.onCaches == onCaches)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Right.class)));
    }

    /** The word for it in commands and messages. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
