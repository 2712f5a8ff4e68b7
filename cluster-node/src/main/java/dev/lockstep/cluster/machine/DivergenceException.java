package dev.lockstep.cluster.machine;

/** The failure of a replica whose state differs from its leader's at the same log position: it must stop (promise P4). */
public final class DivergenceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public DivergenceException(long position, long own, long leaders) {
        super("At log position %d this replica's checksum is %016x, the leader's %016x"
                .formatted(position, own, leaders));
    }
}
