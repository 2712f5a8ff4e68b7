package dev.lockstep.protocol.link;

import dev.lockstep.protocol.topology.Member;

/** Opens links to nodes and keeps them. Thread-safe. */
public interface Links extends AutoCloseable {

    /**
     * The link to a member, opened if there is none; never waits: requests given to a link that is still being opened
     * follow when it is open, and fail as not sent when it can't be.
     */
    Link to(Member member);

    /** Closes all links. Idempotent. */
    @Override
    void close();
}
