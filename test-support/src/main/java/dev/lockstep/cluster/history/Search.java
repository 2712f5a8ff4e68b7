package dev.lockstep.cluster.history;

import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an order in which the calls of one key can have happened: Wing and Gong's search, with memoisation as in
 * Lowe's. Not thread-safe; for one use.
 *
 * <p>Calls and returns are in a list by their times. A call may be next if no return is before it. It is taken out of
 * the list with its return if the register then answers as the client was told; when no call fits, the last one taken
 * is put back. A call whose outcome is unknown has no return, so it may be next at any time or never.
 *
 * <p>Session reads are not taken in turn: each is answered by the first state, at or after the last one that its
 * client has seen, that fits. The first is the best choice, since it leaves the client most to see. A read whose
 * return is reached before any state fits can't be answered.
 *
 * <p>The state after the same calls is the same whatever their order, so nothing is tried twice from where it failed.
 * A set of unknown calls that happened is no better than a smaller one that leads to the same state.
 */
final class Search {

    /** The end of a search. */
    enum End {
        FOUND,
        IMPOSSIBLE,
        GIVEN_UP
    }

    /** The progress of a search: what happened, and what can't be next. */
    record Progress(int answered, List<Call> order, List<@Nullable String> states, List<Call> stuck) {}

    private static final class OutOfSteps extends RuntimeException {
        private static final long serialVersionUID = 1;

        OutOfSteps() {
            super("out of steps", null, false, false);
        }
    }

    /** The head of the list. */
    private static class Head {
        @Nullable
        Event after;
    }

    /** A call or a return in the list. */
    private static final class Event extends Head {
        private final Step step;
        private final boolean isReturn;
        private Head before = this;

        Event(Step step, boolean isReturn) {
            this.step = step;
            this.isReturn = isReturn;
        }

        long time() {
            return isReturn ? step.call.responded() : step.call.invoked();
        }

        /** Takes it out; it remembers its place. */
        void unlink() {
            before.after = after;
            if (after != null) {
                after.before = before;
            }
        }

        /** Puts back what was taken out last. */
        void relink() {
            before.after = this;
            if (after != null) {
                after.before = this;
            }
        }
    }

    /** A call and its place in its client's program. */
    private static final class Step {
        private final Call call;
        private final int index;
        private final Client client;
        private final int turn;
        private @Nullable Event called;
        private @Nullable Event returned;

        Step(Call call, int index, Client client, int turn) {
            this.call = call;
            this.index = index;
            this.client = client;
            this.turn = turn;
        }
    }

    /** A client's program, and what it has seen. */
    private static final class Client {
        private final List<Step> program = new ArrayList<>();
        /** For each value where in the program it is last read by the session; absent is null. */
        private final Map<@Nullable String, Integer> lastRead = new HashMap<>();

        private int lastFlag = -1;
        private int next;
        /** The index of the state that it has seen last. */
        private int floor;
        /** Set once it has seen that state's value vanish. */
        private boolean gone;

        /** Tells whether a session read yet to be answered read this. */
        boolean wants(@Nullable String state) {
            return lastRead.getOrDefault(state, -1) >= next;
        }

        boolean wantsFlag() {
            return lastFlag >= next;
        }
    }

    /** The state of a search, without the unknown calls that happened. */
    private record Stand(LongBuffer answered, @Nullable String state, List<List<@Nullable String>> views) {}

    private final @Nullable Long vanishAfter;
    private final long budget;
    private final boolean foresight;
    private final Map<String, Client> clients = new HashMap<>();
    private final Map<String, Call> writers = new HashMap<>();
    /** For each value the calls that were told of it and are no session reads. */
    private final Map<String, List<Step>> witnesses = new HashMap<>();
    /** Values that some call was told of or depends on; the others are all alike. */
    private final Set<String> telling = new HashSet<>();

    private final Head head = new Head();
    private final long[] answered;
    private final long[] happened;
    private final Map<Stand, List<long[]>> tried = new HashMap<>();
    private final List<Call> order = new ArrayList<>();
    private final List<@Nullable String> states = new ArrayList<>();
    /** Set while the last event is an unknown call that no read has observed yet. */
    private boolean lastIdle;
    /** Counts the values that a client has left behind and has yet to read. */
    private int missed;

    private int open;
    private int count;
    private long steps;
    private @Nullable Progress best;

    /**
     * @param calls of one key, by their invocations
     * @param vanishAfter null when nothing vanishes by itself
     * @param foresight whether to turn back as soon as a value is left that a later call has yet to return; without it people
     *     see more of what went wrong
     */
    Search(List<Call> calls, @Nullable Long vanishAfter, long budget, boolean foresight) {
        this.vanishAfter = vanishAfter;
        this.budget = budget;
        this.foresight = foresight;
        List<Event> events = new ArrayList<>();
        int index = 0;
        for (Call call : calls) {
            boolean unknown = call.outcome() == Outcome.UNKNOWN;
            if (call.operation().written() != null) {
                writers.put(call.operation().written(), call);
            }
            if (call.outcome() == Outcome.FAILED || (unknown && call.operation().isRead())) {
                continue;
            }
            Client client = clients.computeIfAbsent(call.client(), name -> new Client());
            Step step = new Step(call, index++, client, client.program.size());
            learn(step);
            step.called = new Event(step, false);
            events.add(step.called);
            if (!unknown) {
                client.program.add(step);
                step.returned = new Event(step, true);
                events.add(step.returned);
                open++;
            }
        }
        // Stable, and calls before returns: what happens at one time is concurrent.
        events.sort(Comparator.comparingLong(Event::time).thenComparing(event -> event.isReturn));
        Head last = head;
        for (Event event : events) {
            last.after = event;
            event.before = last;
            last = event;
        }
        answered = new long[(index >> 6) + 1];
        happened = new long[(index >> 6) + 1];
        states.add(null);
    }

    private void learn(Step step) {
        Call call = step.call;
        String expected = Call.expected(call.operation());
        if (expected != null) {
            telling.add(expected);
        }
        if (call.isSessionRead()) {
            if (call.outcome() instanceof Outcome.Value read) {
                step.client.lastRead.put(read.value(), step.turn);
            } else {
                step.client.lastFlag = step.turn;
            }
        }
        String told = told(call, expected);
        if (told != null) {
            telling.add(told);
            if (!call.isSessionRead()) {
                witnesses.computeIfAbsent(told, first -> new ArrayList<>()).add(step);
            }
        }
    }

    /** The value that must be there for the call to end as it did. */
    private static @Nullable String told(Call call, @Nullable String expected) {
        if (call.outcome() instanceof Outcome.Value read) {
            return read.value();
        }
        return call.outcome() instanceof Outcome.Flag flag && flag.value() ? expected : null;
    }

    End run() {
        try {
            answerSessionReads(new ArrayList<>());
            return solve() ? End.FOUND : End.IMPOSSIBLE;
        } catch (OutOfSteps end) {
            return End.GIVEN_UP;
        }
    }

    /** The order that was found, after {@link End#FOUND}. */
    List<Call> order() {
        return List.copyOf(order);
    }

    /** The progress that was made, after {@link End#IMPOSSIBLE}. */
    Progress best() {
        return Objects.requireNonNull(best);
    }

    long steps() {
        return steps;
    }

    private boolean solve() {
        if (open == 0) {
            return true;
        }
        if (++steps > budget) {
            throw new OutOfSteps();
        }
        note();
        return isNew() && (tryAll(false) || tryAll(true));
    }

    private boolean tryAll(boolean unknown) {
        // Of unknown calls that do the same and leave no trace the earliest is as good as any.
        Set<Class<?>> alike = new HashSet<>();
        for (Event event = head.after; event != null && !event.isReturn; event = event.after) {
            Step step = event.step;
            boolean mayBeNext =
                    (step.returned == null) == unknown && !step.call.isSessionRead() && step.client.next >= step.turn;
            if (mayBeNext
                    && (!unknown
                            || isTelling(step)
                            || alike.add(step.call.operation().getClass()))
                    && tryNext(step)) {
                return true;
            }
        }
        return false;
    }

    private boolean isTelling(Step step) {
        String written = step.call.operation().written();
        return Call.expected(step.call.operation()) != null || (written != null && telling.contains(written));
    }

    private @Nullable String state() {
        return states.get(states.size() - 1);
    }

    private boolean tryNext(Step step) {
        return tryFrom(step, state(), false) || (canVanishNow() && tryFrom(step, null, true));
    }

    /** Tells whether the value may vanish before any pending call has to return. */
    private boolean canVanishNow() {
        String state = state();
        if (state == null) {
            return false;
        }
        Event event = head.after;
        while (event != null && !event.isReturn) {
            event = event.after;
        }
        return event != null && mayVanish(state, event.time());
    }

    private boolean mayVanish(String value, long until) {
        Call writer = writers.get(value);
        return vanishAfter != null
                && writer != null
                && until >= writer.invoked()
                && until - writer.invoked() >= vanishAfter;
    }

    private boolean tryFrom(Step step, @Nullable String from, boolean vanished) {
        Operation.Effect effect = step.call.operation().on(from);
        boolean unknown = step.returned == null;
        if (unknown ? Objects.equals(effect.state(), from) : !effect.outcome().equals(step.call.outcome())) {
            return false;
        }
        if (unknown && !vanished && isInVain(step.call.operation(), effect)) {
            return false;
        }
        int size = states.size();
        if (vanished) {
            states.add(null);
        }
        if (!Objects.equals(effect.state(), from)) {
            states.add(effect.state());
        }
        order.add(step.call);
        boolean wasIdle = lastIdle;
        List<Runnable> undo = new ArrayList<>();
        if (unknown) {
            set(happened, step.index, true);
            Objects.requireNonNull(step.called).unlink();
        } else {
            answer(step, states.size() - 1, false, undo);
        }
        answerSessionReads(undo);
        lastIdle = unknown && undo.isEmpty();
        if ((!foresight || (missed == 0 && !isMissed(size))) && solve()) {
            return true;
        }
        lastIdle = wasIdle;
        for (int i = undo.size() - 1; i >= 0; i--) {
            undo.get(i).run();
        }
        if (unknown) {
            set(happened, step.index, false);
            Objects.requireNonNull(step.called).relink();
        }
        order.remove(order.size() - 1);
        states.subList(size, states.size()).clear();
        return false;
    }

    /** Tells whether the unknown call right before made no difference to this one: then it need not have. */
    private boolean isInVain(Operation operation, Operation.Effect effect) {
        return lastIdle
                && clients.values().stream().noneMatch(client -> client.wants(state()) || client.wantsFlag())
                && Objects.equals(operation.on(states.get(states.size() - 2)).state(), effect.state());
    }

    /** Tells whether an event since there were so many states left a value that a client has yet to read. */
    private boolean isMissed(int since) {
        for (int i = since - 1; i < states.size() - 1; i++) {
            String left = states.get(i);
            if (left != null) {
                for (Step witness : witnesses.getOrDefault(left, List.of())) {
                    if (!isSet(answered, witness.index)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** The client has seen the state of this index. */
    private void answer(Step step, int seen, boolean gone, List<Runnable> undo) {
        Client client = step.client;
        int floor = client.floor;
        boolean wasGone = client.gone;
        client.next++;
        client.floor = seen;
        client.gone = gone;
        set(answered, step.index, true);
        Event called = Objects.requireNonNull(step.called);
        Event returned = Objects.requireNonNull(step.returned);
        called.unlink();
        returned.unlink();
        open--;
        count++;
        boolean misses = states.subList(floor, seen).stream().anyMatch(left -> left != null && client.wants(left));
        missed += misses ? 1 : 0;
        undo.add(() -> {
            missed -= misses ? 1 : 0;
            count--;
            open++;
            returned.relink();
            called.relink();
            set(answered, step.index, false);
            client.gone = wasGone;
            client.floor = floor;
            client.next--;
        });
    }

    private void answerSessionReads(List<Runnable> undo) {
        for (Client client : clients.values()) {
            boolean more = true;
            while (more && client.next < client.program.size()) {
                Step step = client.program.get(client.next);
                more = step.call.isSessionRead() && answerSessionRead(step, undo);
            }
        }
    }

    private boolean answerSessionRead(Step step, List<Runnable> undo) {
        Client client = step.client;
        Call call = step.call;
        for (int i = client.floor; i < states.size(); i++) {
            String state = states.get(i);
            boolean gone = client.gone && i == client.floor;
            if (!gone && call.operation().on(state).outcome().equals(call.outcome())) {
                answer(step, i, false, undo);
                return true;
            }
            // By a replica's own clock, before the log says so.
            if (state != null
                    && (gone || mayVanish(state, call.responded()))
                    && call.operation().on(null).outcome().equals(call.outcome())) {
                answer(step, i, true, undo);
                return true;
            }
        }
        return false;
    }

    private static boolean isSet(long[] bits, int index) {
        return (bits[index >> 6] & 1L << index) != 0;
    }

    private static void set(long[] bits, int index, boolean value) {
        if (value) {
            bits[index >> 6] |= 1L << index;
        } else {
            bits[index >> 6] &= ~(1L << index);
        }
    }

    private boolean isNew() {
        List<List<@Nullable String>> views = new ArrayList<>();
        for (Client client : clients.values()) {
            views.add(view(client));
        }
        Stand stand = new Stand(LongBuffer.wrap(answered.clone()), state(), views);
        List<long[]> before = tried.computeIfAbsent(stand, first -> new ArrayList<>(1));
        for (long[] fewer : before) {
            if (isSubset(fewer)) {
                return false;
            }
        }
        before.add(happened.clone());
        return true;
    }

    private boolean isSubset(long[] fewer) {
        for (int i = 0; i < fewer.length; i++) {
            if ((fewer[i] & ~happened[i]) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The states that the client may still observe and that its pending session reads need. */
    private List<@Nullable String> view(Client client) {
        List<@Nullable String> view = new ArrayList<>();
        boolean absent = client.wants(null) || client.wantsFlag();
        boolean present = client.wantsFlag() || (absent && vanishAfter != null);
        for (int i = client.floor; i < states.size(); i++) {
            String state = states.get(i);
            if (state == null ? absent : present || client.wants(state)) {
                view.add(state);
                if (client.gone && i == client.floor) {
                    view.add("gone");
                }
            }
        }
        return view;
    }

    private void note() {
        if (best == null || count > best.answered()) {
            List<Call> stuck = new ArrayList<>();
            boolean reached = false;
            for (Event event = head.after; event != null && !reached; event = event.after) {
                reached = event.isReturn;
                if (!event.isReturn) {
                    stuck.add(event.step.call);
                }
            }
            best = new Progress(count, List.copyOf(order), new ArrayList<>(states), stuck);
        }
    }
}
