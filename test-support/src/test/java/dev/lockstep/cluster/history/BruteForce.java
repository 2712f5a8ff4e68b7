package dev.lockstep.cluster.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges small histories by the definitions alone: all orders, all moments at which a value can vanish, all places for session
 * reads. Slow; not thread-safe.
 */
final class BruteForce {

    private final List<Numbered> strong = new ArrayList<>();
    private final Map<String, List<Numbered>> programs = new HashMap<>();
    private final Map<String, Call> writers = new HashMap<>();
    private final @Nullable Long vanishAfter;

    /** A client may make the same call twice at one moment. */
    private record Numbered(int number, Call call) {}

    /** The order of events: a call, or null where the value vanished; and the state after it. */
    private record Moment(@Nullable Numbered call, @Nullable String state, long notBefore) {}

    /** @param calls of one key */
    BruteForce(List<Call> calls, @Nullable Long vanishAfter, boolean withSessionReads) {
        this.vanishAfter = vanishAfter;
        List<Call> ordered = calls.stream()
                .sorted(Comparator.comparingLong(Call::invoked).thenComparingLong(Call::responded))
                .toList();
        int number = 0;
        for (Call call : ordered) {
            if (call.operation().written() != null) {
                writers.put(call.operation().written(), call);
            }
            boolean counts = call.outcome() != Outcome.FAILED
                    && !(call.outcome() == Outcome.UNKNOWN && call.operation().isRead());
            if (counts && (withSessionReads || !call.isSessionRead())) {
                Numbered numbered = new Numbered(number++, call);
                if (!call.isSessionRead()) {
                    strong.add(numbered);
                }
                programs.computeIfAbsent(call.client(), name -> new ArrayList<>())
                        .add(numbered);
            }
        }
    }

    boolean isPossible() {
        List<Moment> order = new ArrayList<>();
        order.add(new Moment(null, null, Long.MIN_VALUE));
        return extend(order, new ArrayList<>(strong));
    }

    private boolean extend(List<Moment> order, List<Numbered> rest) {
        if (rest.stream().noneMatch(one -> one.call().isAcknowledged()) && sessionsFit(order)) {
            return true;
        }
        Moment last = order.get(order.size() - 1);
        for (Numbered one : List.copyOf(rest)) {
            Call call = one.call();
            long notBefore = Math.max(last.notBefore(), call.invoked());
            Operation.Effect effect = call.operation().on(last.state());
            boolean fits = call.outcome() == Outcome.UNKNOWN
                    || (notBefore <= call.responded() && effect.outcome().equals(call.outcome()));
            if (fits && inProgramOrder(one, order)) {
                rest.remove(one);
                order.add(new Moment(one, effect.state(), notBefore));
                boolean found = extend(order, rest);
                order.remove(order.size() - 1);
                rest.add(one);
                if (found) {
                    return true;
                }
            }
        }
        Long vanishes = vanishes(last.state());
        if (vanishes != null) {
            order.add(new Moment(null, null, Math.max(last.notBefore(), vanishes)));
            boolean found = extend(order, rest);
            order.remove(order.size() - 1);
            return found;
        }
        return false;
    }

    private boolean inProgramOrder(Numbered next, List<Moment> order) {
        return programs.get(next.call().client()).stream()
                .takeWhile(earlier -> !earlier.equals(next))
                .filter(earlier ->
                        earlier.call().isAcknowledged() && !earlier.call().isSessionRead())
                .allMatch(earlier -> order.stream().anyMatch(moment -> earlier.equals(moment.call())));
    }

    /** The earliest time at which the value may vanish; null when it can't. */
    private @Nullable Long vanishes(@Nullable String state) {
        return state == null || vanishAfter == null || writers.get(state) == null
                ? null
                : Long.valueOf(writers.get(state).invoked() + vanishAfter);
    }

    private boolean sessionsFit(List<Moment> order) {
        return programs.values().stream().allMatch(program -> fits(program, 0, order, 0, false));
    }

    /** @param gone whether the client has seen the value at its floor vanish */
    private boolean fits(List<Numbered> program, int next, List<Moment> order, int floor, boolean gone) {
        if (next == program.size()) {
            return true;
        }
        Call call = program.get(next).call();
        if (!call.isSessionRead()) {
            int at = floor;
            boolean isGone = gone;
            for (int i = 0; i < order.size(); i++) {
                if (program.get(next).equals(order.get(i).call()) && call.isAcknowledged()) {
                    at = beginOfState(order, i);
                    isGone = false;
                    if (at < floor) {
                        return false;
                    }
                }
            }
            return fits(program, next + 1, order, at, isGone);
        }
        for (int i = floor; i < order.size(); i++) {
            Moment moment = order.get(i);
            boolean later = moment.call() != null
                    && program.subList(next, program.size()).contains(moment.call());
            if (later || moment.notBefore() > call.responded()) {
                return false;
            }
            if (beginOfState(order, i) != i) {
                continue;
            }
            boolean wasGone = gone && i == floor;
            if (!wasGone && answers(call, moment.state()) && fits(program, next + 1, order, i, false)) {
                return true;
            }
            Long vanishes = vanishes(moment.state());
            if (vanishes != null
                    && (wasGone || vanishes <= call.responded())
                    && answers(call, null)
                    && fits(program, next + 1, order, i, true)) {
                return true;
            }
        }
        return false;
    }

    /** The index at which the state after this moment began. */
    private static int beginOfState(List<Moment> order, int index) {
        int begin = index;
        while (begin > 0
                && Objects.equals(order.get(begin - 1).state(), order.get(index).state())) {
            begin--;
        }
        return begin;
    }

    private static boolean answers(Call call, @Nullable String state) {
        return call.operation().on(state).outcome().equals(call.outcome());
    }
}
