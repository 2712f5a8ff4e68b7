package dev.lockstep.cluster.consensus.ratis.files;

import java.io.IOException;

/** Something that a replica has on the disk is not what was written. */
public final class CorruptStateException extends IOException {

    private static final long serialVersionUID = 1;

    /** @param what it is, as people are told */
    public CorruptStateException(String what) {
        super(what);
    }
}
