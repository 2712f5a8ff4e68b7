package dev.lockstep.cluster.control;

/** A request that can't be granted, with the reason for the one who asked. */
final class RefusedChange extends Exception {

    private static final long serialVersionUID = 1L;

    RefusedChange(String why) {
        super(why);
    }
}
