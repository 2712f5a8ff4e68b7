package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.Status;
import java.util.List;

/** The outcome of a {@link Command}. Refusals are values: an exception in {@code apply} stops the replica. */
public sealed interface Outcome {

    Outcome DONE = new Done();

    /** The outcome of a command without a result. */
    record Done() implements Outcome {}

    /**
     * The mutations were applied.
     *
     * @param position of the batch that applied them: of a retry, that of the first time
     */
    record Written(long position, long logTimeMillis, List<MutationResult> results) implements Outcome {}

    /** The outcome of a command that was not applied. */
    record Refused(Status status, String message) implements Outcome {}
}
