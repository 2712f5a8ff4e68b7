package dev.lockstep.cluster.history;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The calls of the clients in one round. Immutable. Keys start absent.
 *
 * @param calls at most {@value #MAX_CALLS}, from at most {@value #MAX_CLIENTS} clients a key, no value written twice to
 *     a key; a client starts its next call of a key after the response to the one before, unless that one's outcome is
 *     unknown; an operation on many keys at once is a call of each
 * @param vanishing keys whose values may vanish by themselves (expiry, eviction): the time, in the unit of the calls,
 *     that has to pass since the call that wrote a value was invoked; 0: at any time
 */
public record History(List<Call> calls, Map<String, Long> vanishing) {

    public static final int MAX_CALLS = 500;
    public static final int MAX_CLIENTS = 8;

    /** @throws IllegalArgumentException for a history that can't be judged, saying why */
    public History {
        calls = List.copyOf(calls);
        vanishing = Map.copyOf(vanishing);
        if (calls.size() > MAX_CALLS) {
            throw new IllegalArgumentException(
                    "A history has at most " + MAX_CALLS + " calls, not " + calls.size() + ": make rounds shorter");
        }
        for (Map.Entry<String, Long> entry : vanishing.entrySet()) {
            if (entry.getValue() < 0) {
                throw new IllegalArgumentException(
                        "Values of " + entry.getKey() + " can't vanish before they are there");
            }
        }
        byKey(calls).forEach(History::check);
    }

    /** A history in which nothing vanishes by itself. */
    public static History of(List<Call> calls) {
        return new History(calls, Map.of());
    }

    private static void check(String key, List<Call> calls) {
        Set<String> clients = new HashSet<>();
        Set<String> written = new HashSet<>();
        for (Call call : calls) {
            clients.add(call.client());
            String value = call.operation().written();
            if (value != null && !written.add(value)) {
                throw new IllegalArgumentException("Value " + value + " is written twice to key " + key);
            }
        }
        if (clients.size() > MAX_CLIENTS) {
            throw new IllegalArgumentException("At most " + MAX_CLIENTS + " clients may use a key, but "
                    + clients.size() + " use " + key + ": " + clients);
        }
        sequential(calls);
    }

    /** @param calls of one key, by their invocations */
    private static void sequential(List<Call> calls) {
        Map<String, Call> before = new HashMap<>();
        for (Call call : calls) {
            Call last = before.put(call.client(), call);
            if (last != null && last.outcome() != Outcome.UNKNOWN && last.responded() > call.invoked()) {
                throw new IllegalArgumentException("Client " + call.client() + " does two things at once: " + last
                        + System.lineSeparator() + call);
            }
        }
    }

    private static List<Call> sorted(List<Call> calls) {
        return calls.stream()
                .sorted(Comparator.comparingLong(Call::invoked).thenComparingLong(Call::responded))
                .toList();
    }

    private static Map<String, List<Call>> byKey(List<Call> calls) {
        return sorted(calls).stream()
                .collect(Collectors.groupingBy(Call::key, TreeMap::new, Collectors.toUnmodifiableList()));
    }

    /** The calls of each key, by their invocations. */
    public Map<String, List<Call>> byKey() {
        return byKey(calls);
    }

    /** The same with other calls. */
    public History with(List<Call> others) {
        return new History(others, vanishing);
    }
}
