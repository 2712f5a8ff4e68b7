package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ProposalSteps;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;

/**
 * An entry on its way through Ratis, as the message of a request, which Ratis hands from callback to callback. That is how
 * the leader's machine applies the object that was proposed, and its result reaches the proposer. Thread-safe; applied by one
 * thread.
 */
final class Proposal<E, R> implements Message {

    private final LogMachine<E, R> machine;
    private final E entry;
    private final ByteString content;
    private final @Nullable ProposalSteps steps;
    private final CompletableFuture<R> answer = new CompletableFuture<>();
    private volatile boolean appended;

    /**
     * @param bytes of the entry; not to be changed any more
     * @param steps notes how far it is; null if nobody wants to know
     */
    Proposal(LogMachine<E, R> machine, E entry, byte[] bytes, @Nullable ProposalSteps steps) {
        this.machine = machine;
        this.entry = entry;
        this.content = UnsafeByteOperations.unsafeWrap(bytes);
        this.steps = steps;
    }

    /**
     * Applies the entry.
     *
     * @return answers the proposer with the result
     */
    Runnable apply(long position) {
        if (steps != null) {
            steps.committed();
        }
        R result = machine.apply(position, entry);
        return () -> answer.complete(result);
    }

    @Override
    public ByteString getContent() {
        return content;
    }

    CompletableFuture<R> answer() {
        return answer;
    }

    /** Records that it was appended: from now on it may be applied, whatever Ratis says. */
    void appended() {
        appended = true;
    }

    /** Records that the leader's log has been handed it, or has refused it. */
    void written() {
        if (steps != null) {
            steps.appended();
        }
    }

    boolean isAppended() {
        return appended;
    }
}
