package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.consensus.EntryTooLargeException;
import dev.lockstep.cluster.consensus.NotLeaderException;
import dev.lockstep.cluster.consensus.ProposalSteps;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.eviction.EvictionAdvisor;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Group commit: one batch is in flight, and all that arrives meanwhile makes the next; so do the commands of one {@link
 * Burst}. Nothing waits for a batch to fill: a lone command leaves at once. A batch begins with what has to be evicted, so
 * that none adds more than the next one takes away. Thread-safe; the lock guards the queue and is never held while proposing or answering.
 */
final class Proposer {

    static final int MAX_COMMANDS = 4_096;
    static final int MAX_BYTES = 512 * 1024;
    static final long MAX_WAITING_BYTES = 64L * 1024 * 1024;

    private final ReplicatedLog<Batch, List<Outcome>> log;
    private final Function<List<Command>, Batch> batchFactory;
    private final int maxWaiting;
    private final EvictionAdvisor evictions;
    private final Time time;
    private final Runnable propose = this::proposeWaiting;
    private final Queue<Proposal> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private @Nullable Proposal tick;
    private boolean inFlight;

    /** A command on its way into the log. */
    static final class Proposal {

        private final Command command;
        private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        /** Written before the outcome is there, and read after. */
        private @Nullable ProposalSteps steps;

        private Proposal(Command command) {
            this.command = command;
        }

        CompletableFuture<Outcome> outcome() {
            return outcome;
        }

        /** How far the batch with it has come; null if none was proposed. To be read once there is an outcome. */
        @Nullable
        ProposalSteps steps() {
            return steps;
        }
    }

    /**
     * @param batchFactory makes a batch of commands, with time and checksum
     * @param maxWaiting commands that may wait before the next is refused as busy
     */
    Proposer(
            ReplicatedLog<Batch, List<Outcome>> log,
            Function<List<Command>, Batch> batchFactory,
            int maxWaiting,
            EvictionAdvisor evictions,
            Time time) {
        this.log = log;
        this.batchFactory = batchFactory;
        this.maxWaiting = maxWaiting;
        this.evictions = evictions;
        this.time = time;
    }

    /** Returns the number of commands that wait for the batch before theirs. */
    synchronized int queued() {
        return waiting.size();
    }

    /** Sends what has to be evicted, unless a batch is in flight: then the next one does, if there is one. */
    void evict() {
        synchronized (this) {
            if (inFlight) {
                return;
            }
            inFlight = true;
        }
        send(take(evictions()));
    }

    private List<Proposal> evictions() {
        List<Command.Evict> next = evictions.next();
        if (next.isEmpty()) {
            return List.of();
        }
        List<Proposal> first = new ArrayList<>();
        for (Command.Evict evict : next) {
            Proposal proposal = new Proposal(evict);
            proposal.outcome.whenComplete((done, failure) -> evictions.settled(evict));
            first.add(proposal);
        }
        return first;
    }

    /**
     * The outcome is what the machine answered to the last, or a refusal. A tick that is not sent yet serves all callers that
     * want one.
     */
    Proposal propose(List<Command> commands) {
        Proposal last = new Proposal(commands.get(commands.size() - 1));
        synchronized (this) {
            if (waiting.size() >= maxWaiting || waitingBytes >= MAX_WAITING_BYTES) {
                last.outcome.complete(new Outcome.Refused(
                        Status.BUSY, waiting.size() + " commands wait for the shard's log, as many as may"));
                return last;
            }
            for (int i = 0; i < commands.size(); i++) {
                boolean isLast = i == commands.size() - 1;
                if (isLast && tick != null && commands.get(i) instanceof Command.Tick) {
                    return tick;
                }
                add(isLast ? last : new Proposal(commands.get(i)));
            }
        }
        Burst.atEnd(propose);
        return last;
    }

    private void proposeWaiting() {
        synchronized (this) {
            if (inFlight || waiting.isEmpty()) {
                return;
            }
            inFlight = true;
        }
        send(take(evictions()));
    }

    private void add(Proposal proposal) {
        waiting.add(proposal);
        waitingBytes += size(proposal.command);
        if (proposal.command instanceof Command.Tick) {
            tick = proposal;
        }
    }

    private void sendNext() {
        send(next());
    }

    /**
     * Takes the next batch: evictions first, then waiting commands. Only with what waits: a leader that is none any
     * more would try for ever.
     */
    private List<Proposal> next() {
        return endsForNow() ? List.of() : take(evictions());
    }

    private synchronized boolean endsForNow() {
        inFlight = !waiting.isEmpty();
        return !inFlight;
    }

    /** Sends batch after batch while they complete at once, so that a fast log does not deepen the stack. */
    private void send(List<Proposal> first) {
        for (List<Proposal> batch = first; !batch.isEmpty(); batch = next()) {
            List<Proposal> sent = batch;
            CompletableFuture<List<Outcome>> answer = proposed(sent);
            if (!answer.isDone()) {
                answer.whenComplete((outcomes, failure) -> {
                    complete(sent, outcomes, failure);
                    sendNext();
                });
                return;
            }
            if (Futures.isSuccess(answer)) {
                complete(sent, answer.join(), null);
            } else {
                answer.whenComplete((outcomes, failure) -> complete(sent, outcomes, failure));
            }
        }
    }

    /** An exception here must not leave the batch in flight for ever. */
    private CompletableFuture<List<Outcome>> proposed(List<Proposal> batch) {
        try {
            Batch entry = batchFactory.apply(commands(batch));
            ProposalSteps steps = new ProposalSteps(time);
            for (Proposal proposal : batch) {
                proposal.steps = steps;
            }
            return log.propose(entry, steps);
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private static List<Command> commands(List<Proposal> batch) {
        if (batch.size() == 1) {
            return List.of(batch.get(0).command);
        }
        List<Command> commands = new ArrayList<>(batch.size());
        for (Proposal proposal : batch) {
            commands.add(proposal.command);
        }
        return commands;
    }

    private synchronized List<Proposal> take(List<Proposal> first) {
        List<Proposal> batch = new ArrayList<>(first.size() + Math.min(waiting.size(), MAX_COMMANDS));
        batch.addAll(first);
        int bytes = 0;
        for (Proposal proposal : first) {
            bytes += size(proposal.command);
        }
        while (!waiting.isEmpty() && batch.size() < MAX_COMMANDS) {
            bytes += size(waiting.peek().command);
            if (!batch.isEmpty() && bytes > MAX_BYTES) {
                break;
            }
            Proposal next = waiting.poll();
            waitingBytes -= size(next.command);
            tick = next.command instanceof Command.Tick ? null : tick;
            batch.add(next);
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
        } else if (command instanceof Command.Evict evict) {
            size += EvictionAdvisor.size(evict);
        }
        return size;
    }

    private static void complete(List<Proposal> batch, List<Outcome> outcomes, @Nullable Throwable failure) {
        for (int i = 0; i < batch.size(); i++) {
            Outcome outcome = failure == null ? outcomes.get(i) : refusal(failure);
            batch.get(i).outcome.complete(outcome);
        }
    }

    private static Outcome refusal(Throwable failure) {
        Throwable cause = Futures.cause(failure);
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof NotLeaderException) {
            return new Outcome.Refused(Status.NO_LEADER, message);
        }
        return new Outcome.Refused(
                cause instanceof EntryTooLargeException ? Status.INVALID : Status.INDETERMINATE, message);
    }
}
