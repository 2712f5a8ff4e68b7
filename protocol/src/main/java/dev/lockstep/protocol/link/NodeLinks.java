package dev.lockstep.protocol.link;

import dev.lockstep.protocol.topology.Member;

/** The links of a node to the other members. Thread-safe. */
public interface NodeLinks extends Links {

    /**
     * Opens a link of the caller's own, which no one else is given and the caller closes; never waits, like {@link #to}.
     */
    Link open(Member member);
}
