package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.BatchCodec;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Group commit: one batch is in flight, and all that arrives meanwhile makes the next. Nothing waits for a batch to fill: a
 * lone command leaves at once. Thread-safe; the lock guards the queue and is never held while proposing or answering.
 */
final class Proposer {

    static final int MAX_COMMANDS = 4_096;
    static final int MAX_BYTES = 512 * 1024;

    private final ReplicatedLog log;
    private final Function<List<Command>, Batch> header;
    private final int maxWaiting;
    private final Queue<Proposal> waiting = new ArrayDeque<>();
    private boolean inFlight;

    private record Proposal(Command command, CompletableFuture<Outcome> outcome) {}

    /**
     * @param header makes a batch of commands, with time and checksum
     * @param maxWaiting commands that may wait before the next is refused as busy
     */
    Proposer(ReplicatedLog log, Function<List<Command>, Batch> header, int maxWaiting) {
        this.log = log;
        this.header = header;
        this.maxWaiting = maxWaiting;
    }

    /** Answers what the machine answered, or a refusal. */
    CompletableFuture<Outcome> propose(List<Command> commands) {
        CompletableFuture<Outcome> last = new CompletableFuture<>();
        synchronized (this) {
            if (waiting.size() >= maxWaiting) {
                last.complete(new Outcome.Refused(Status.BUSY, maxWaiting + " commands wait for the shard's log"));
                return last;
            }
            for (int i = 0; i < commands.size(); i++) {
                boolean isLast = i == commands.size() - 1;
                waiting.add(new Proposal(commands.get(i), isLast ? last : new CompletableFuture<>()));
            }
            if (inFlight) {
                return last;
            }
            inFlight = true;
        }
        sendNext();
        return last;
    }

    /** Sends batch after batch while they complete at once, so that a fast log does not deepen the stack. */
    private void sendNext() {
        for (List<Proposal> batch = take(); !batch.isEmpty(); batch = take()) {
            List<Proposal> sent = batch;
            byte[] entry = BatchCodec.encode(
                    header.apply(sent.stream().map(Proposal::command).toList()));
            CompletableFuture<Object> answer = log.propose(entry);
            if (!answer.isDone()) {
                answer.whenComplete((outcomes, failure) -> {
                    complete(sent, outcomes, failure);
                    sendNext();
                });
                return;
            }
            answer.whenComplete((outcomes, failure) -> complete(sent, outcomes, failure));
        }
    }

    private synchronized List<Proposal> take() {
        List<Proposal> batch = new ArrayList<>();
        int bytes = 0;
        while (!waiting.isEmpty() && batch.size() < MAX_COMMANDS) {
            bytes += size(waiting.peek().command());
            if (!batch.isEmpty() && bytes > MAX_BYTES) {
                break;
            }
            batch.add(waiting.poll());
        }
        inFlight = !batch.isEmpty();
        return batch;
    }

    private static int size(Command command) {
        int size = 64;
        if (command instanceof Command.Write write) {
            for (Mutation mutation : write.mutations()) {
                size += 32
                        + mutation.key().size()
                        + (mutation.value() == null ? 0 : mutation.value().size());
            }
        }
        return size;
    }

    @SuppressWarnings("unchecked")
    private static void complete(List<Proposal> batch, Object outcomes, Throwable failure) {
        for (int i = 0; i < batch.size(); i++) {
            Outcome outcome = failure == null ? ((List<Outcome>) outcomes).get(i) : refusal(failure);
            batch.get(i).outcome().complete(outcome);
        }
    }

    private static Outcome refusal(Throwable failure) {
        Throwable cause = Session.unwrap(failure);
        Status status = cause instanceof NotLeaderException ? Status.NO_LEADER : Status.INDETERMINATE;
        return new Outcome.Refused(status, String.valueOf(cause.getMessage()));
    }
}
