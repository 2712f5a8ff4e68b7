package dev.lockstep.cluster.machine;

import java.util.List;

/**
 * One entry of a shard's log: commands that were proposed together.
 *
 * @param stampMillis the leader's wall clock when it proposed
 * @param previousPosition position of the last batch that the leader had applied; 0 for none
 * @param previousChecksum the leader's checksum there
 */
public record Batch(long stampMillis, long previousPosition, long previousChecksum, List<Command> commands) {

    public Batch {
        commands = List.copyOf(commands);
    }

    /** Tells whether the time that it takes grows with the caches that it changes, not only with the batch. */
    boolean visitsWholeCaches() {
        for (Command command : commands) {
            if (command instanceof Command.Clear || command instanceof Command.Drop) {
                return true;
            }
        }
        return false;
    }
}
