package dev.lockstep.cluster.history;

import dev.lockstep.protocol.wire.Consistency;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Writes down what clients do and what they are told. Thread-safe; of one client one thread at a time. Takes at most
 * {@link History#MAX_CALLS} calls.
 */
public final class Recorder {

    private final LongSupplier clock;
    private final List<Open> calls = new ArrayList<>();

    /** @param clock monotonic and the same for all clients, in any unit */
    public Recorder(LongSupplier clock) {
        this.clock = clock;
    }

    /** A call whose response has not been recorded. */
    public final class Open {
        private final String client;
        private final String key;
        private final Consistency consistency;
        private final Operation operation;
        private final long invoked;
        private long responded;
        private Outcome outcome = Outcome.UNKNOWN;

        private Open(String client, String key, Consistency consistency, Operation operation, long invoked) {
            this.client = client;
            this.key = key;
            this.consistency = consistency;
            this.operation = operation;
            this.invoked = invoked;
            this.responded = invoked;
        }

        /** Records the end of the operation; called at once after the response. */
        public void ended(Outcome told) {
            synchronized (calls) {
                responded = clock.getAsLong();
                outcome = told;
            }
        }

        private Call call() {
            return new Call(client, key, consistency, operation, invoked, responded, outcome);
        }
    }

    /**
     * Records the start of an operation; called right before it.
     *
     * @throws IllegalStateException when as many calls were recorded as a history may have
     */
    public Open begins(String client, String key, Consistency consistency, Operation operation) {
        synchronized (calls) {
            if (calls.size() == History.MAX_CALLS) {
                throw new IllegalStateException("A history has at most " + History.MAX_CALLS + " calls");
            }
            Open open = new Open(client, key, consistency, operation, clock.getAsLong());
            calls.add(open);
            return open;
        }
    }

    /** The history recorded so far; the outcome of calls that have not ended is unknown. */
    public History history(Map<String, Long> vanishing) {
        synchronized (calls) {
            return new History(calls.stream().map(Open::call).toList(), vanishing);
        }
    }
}
