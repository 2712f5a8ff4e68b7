package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Status;
import java.util.List;

/** The outcome of a {@link Command}. Refusals are values: an exception in {@code apply} stops the replica. */
public sealed interface Outcome {

    Outcome DONE = new Done();

    /** There is nothing to say. */
    record Done() implements Outcome {}

    /**
     * The mutations were applied.
     *
     * @param position of the batch that applied them: of a retry, that of the first time
     */
    record Written(long position, long logTimeMillis, List<MutationResult> results) implements Outcome {}

    /** Nothing was applied. */
    record Refused(Status status, String message) implements Outcome {}
}
