package dev.lockstep.cluster.history;

import dev.lockstep.protocol.wire.Consistency;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Makes histories of caches that keep their promises, since each is recorded from a register that exists: every operation
 * happens at one moment, and session reads are answered from its past. Not thread-safe.
 */
final class Histories {

    private final Random random;
    private final int clients;
    private final int calls;
    private final int keys;
    private final double lost;
    private int values;

    /** @param lost the share of operations whose outcome the client does not learn */
    Histories(Random random, int clients, int calls, int keys, double lost) {
        this.random = random;
        this.clients = clients;
        this.calls = calls;
        this.keys = keys;
        this.lost = lost;
    }

    /** A key: all the states that it had, and which client wrote each value when. */
    private static final class Register {
        private final List<@Nullable String> states = new ArrayList<>();
        private final Map<String, Long> invoked = new HashMap<>();
        private final Map<String, Integer> seen = new HashMap<>();
        private @Nullable Long vanishAfter;

        Register() {
            states.add(null);
        }

        private @Nullable String state() {
            return states.get(states.size() - 1);
        }
    }

    /** An operation in flight. */
    private static final class Running {
        private final String key;
        private final Consistency consistency;
        private final Operation operation;
        private final long invoked;
        private @Nullable Outcome outcome;

        Running(String key, Consistency consistency, Operation operation, long invoked) {
            this.key = key;
            this.consistency = consistency;
            this.operation = operation;
            this.invoked = invoked;
        }
    }

    History generated() {
        Map<String, Register> registers = new HashMap<>();
        Map<String, Long> vanishing = new HashMap<>();
        for (int key = 0; key < keys; key++) {
            Register register = new Register();
            registers.put("k" + key, register);
            if (random.nextInt(3) == 0) {
                register.vanishAfter = (long) random.nextInt(40);
                vanishing.put("k" + key, register.vanishAfter);
            }
        }
        List<Call> made = new ArrayList<>();
        Map<String, Running> running = new HashMap<>();
        List<Running> forgotten = new ArrayList<>();
        long now = 0;
        while (made.size() + running.size() < calls) {
            now += random.nextInt(4);
            String client = "c" + random.nextInt(clients);
            Running current = running.get(client);
            Register register = registers.get(current == null ? "k" + random.nextInt(keys) : current.key);
            if (current == null) {
                String key = "k" + random.nextInt(keys);
                Operation operation = operation(registers.get(key));
                boolean session = operation.isRead() && random.nextInt(3) > 0;
                running.put(
                        client, new Running(key, session ? Consistency.SESSION : Consistency.STRONG, operation, now));
            } else if (current.outcome == null) {
                if (random.nextDouble() < lost) {
                    running.remove(client);
                    forgotten.add(current);
                    made.add(call(client, current, now, Outcome.UNKNOWN));
                } else {
                    happen(client, current, register, now);
                }
            } else {
                running.remove(client);
                made.add(call(client, current, now, current.outcome));
            }
            maybeLate(forgotten, registers, now);
            maybeVanish(registers.get("k" + random.nextInt(keys)), now);
        }
        running.forEach((client, rest) -> made.add(call(client, rest, rest.invoked, Outcome.UNKNOWN)));
        return new History(made, vanishing);
    }

    private static Call call(String client, Running running, long now, Outcome outcome) {
        return new Call(client, running.key, running.consistency, running.operation, running.invoked, now, outcome);
    }

    private void happen(String client, Running current, Register register, long now) {
        if (current.consistency == Consistency.SESSION) {
            int floor = register.seen.getOrDefault(client, 0);
            int at = floor + random.nextInt(register.states.size() - floor);
            register.seen.put(client, at);
            current.outcome = current.operation.on(register.states.get(at)).outcome();
        } else {
            current.outcome = applied(current, register);
            register.seen.put(client, register.states.size() - 1);
        }
        if (now < current.invoked) {
            throw new IllegalStateException("Time went back");
        }
    }

    private static Outcome applied(Running current, Register register) {
        Operation.Effect effect = current.operation.on(register.state());
        if (!Objects.equals(effect.state(), register.state())) {
            register.states.add(effect.state());
        }
        if (current.operation.written() != null) {
            register.invoked.put(current.operation.written(), current.invoked);
        }
        return effect.outcome();
    }

    private void maybeLate(List<Running> forgotten, Map<String, Register> registers, long now) {
        if (!forgotten.isEmpty() && random.nextInt(6) == 0) {
            Running late = forgotten.remove(random.nextInt(forgotten.size()));
            if (late.invoked <= now && random.nextBoolean()) {
                applied(late, registers.get(late.key));
            }
        }
    }

    private void maybeVanish(Register register, long now) {
        String state = register.state();
        if (state != null
                && register.vanishAfter != null
                && now - register.invoked.get(state) >= register.vanishAfter
                && random.nextInt(3) == 0) {
            register.states.add(null);
        }
    }

    private Operation operation(Register register) {
        String value = "v" + values++;
        String guess = random.nextInt(4) == 0 ? "v" + random.nextInt(values) : register.state();
        return switch (random.nextInt(22)) {
            case 0, 1 -> new Operation.Put(value);
            case 2 -> new Operation.GetAndPut(value);
            case 3 -> new Operation.PutIfAbsent(value);
            case 4 -> new Operation.Remove();
            case 5 -> new Operation.RemoveIf(guess == null ? "v0" : guess);
            case 6 -> new Operation.GetAndRemove();
            case 7 -> new Operation.Replace(value);
            case 8 -> new Operation.ReplaceIf(guess == null ? "v0" : guess, value);
            case 9 -> new Operation.GetAndReplace(value);
            case 10 -> new Operation.Swap(value);
            case 11 -> new Operation.CompareAndSet(guess, random.nextInt(3) == 0 ? null : value);
            case 12 -> new Operation.ContainsKey();
            case 13 -> new Operation.Erase();
            case 14 -> new Operation.Touch();
            default -> new Operation.Get();
        };
    }

    /** The same history, but one client was told something else in one place. */
    History mutated(History history) {
        List<Call> calls = new ArrayList<>(history.calls());
        List<Integer> told = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).isAcknowledged() && calls.get(i).outcome() != Outcome.DONE) {
                told.add(i);
            }
        }
        if (told.isEmpty()) {
            return history;
        }
        int index = told.get(random.nextInt(told.size()));
        Call call = calls.get(index);
        Outcome lie = call.outcome() instanceof Outcome.Flag flag
                ? Outcome.of(!flag.value())
                : Outcome.of(random.nextInt(4) == 0 ? null : "v" + random.nextInt(Math.max(1, values)));
        calls.set(
                index,
                new Call(
                        call.client(),
                        call.key(),
                        call.consistency(),
                        call.operation(),
                        call.invoked(),
                        call.responded(),
                        lie));
        return history.with(calls);
    }
}
