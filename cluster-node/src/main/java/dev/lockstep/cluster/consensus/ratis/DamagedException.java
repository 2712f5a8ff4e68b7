package dev.lockstep.cluster.consensus.ratis;

import java.io.IOException;

/** Something that a replica has on the disk is not what was written. */
final class DamagedException extends IOException {

    private static final long serialVersionUID = 1;

    /** @param what it is, as people are told */
    DamagedException(String what) {
        super(what);
    }
}
