package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.protocol.wire.Consistency;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Chooses the next operations of a client. */
interface Workload {

    /**
     * The next operation, or null when there is no more.
     *
     * @param lastSeen the value that the client saw last
     */
    @Nullable
    Step next(@Nullable String lastSeen);

    /** The way in which a step performs its operations. */
    enum Kind {
        /** The only one by itself. */
        ONE,
        /** All with {@code getAll}, {@code putAll} or {@code removeAll}. */
        ALL,
        /** All keys of the cache are erased with {@code clear}. */
        CLEAR,
        /** All keys of the cache are looked for among those that an iterator lists. */
        SCAN,
        /** There are none: the cache is destroyed, and created again. */
        DESTROY
    }

    /**
     * A step of operations, at most {@code pauseMicros} after the step before.
     *
     * @param operations by the number of the key in the cache
     */
    record Step(String cache, Kind kind, Map<Integer, Operation> operations, Consistency consistency, int pauseMicros) {

        static Step one(String cache, int key, Operation operation, Consistency consistency, int pauseMicros) {
            return new Step(cache, Kind.ONE, Map.of(key, operation), consistency, pauseMicros);
        }
    }

    /** Reads keys, each once and strongly. */
    static Workload reading(List<Step> steps) {
        Iterator<Step> rest = steps.iterator();
        return lastSeen -> rest.hasNext() ? rest.next() : null;
    }

    /** The same with longer pauses. */
    default Workload slowed(int times) {
        return lastSeen -> {
            Step step = next(lastSeen);
            return step == null
                    ? null
                    : new Step(
                            step.cache(),
                            step.kind(),
                            step.operations(),
                            step.consistency(),
                            times * step.pauseMicros());
        };
    }

    /** A number of operations of all kinds. */
    final class Mixed implements Workload {

        private final String name;
        private final List<String> caches;
        private final int keys;
        private final SplittableRandom random;
        private int left;
        private int written;

        /**
         * @param name of the writer: no two write the same values
         * @param operations a step on many keys counts as many
         */
        Mixed(String name, List<String> caches, int keys, int operations, SplittableRandom random) {
            this.name = name;
            this.caches = caches;
            this.keys = keys;
            this.left = operations;
            this.random = random;
        }

        @Override
        public @Nullable Step next(@Nullable String lastSeen) {
            if (left == 0) {
                return null;
            }
            // Half of all goes to one cache: what goes wrong shows where much is done to a key.
            String cache = caches.get(random.nextBoolean() ? 0 : random.nextInt(caches.size()));
            int pauseMicros = random.nextInt(3) == 0 ? 100 : 40_000;
            Step step = random.nextInt(6) == 0 ? onMany(cache, pauseMicros) : onOne(cache, lastSeen, pauseMicros);
            left = Math.max(0, left - Math.max(1, step.operations().size()));
            return step;
        }

        private Step onOne(String cache, @Nullable String lastSeen, int pauseMicros) {
            Operation operation = operation(lastSeen);
            return Step.one(cache, random.nextInt(keys), operation, consistency(operation), pauseMicros);
        }

        private Step onMany(String cache, int pauseMicros) {
            return switch (random.nextInt(cache.equals(Run.MORTAL) ? 7 : 6)) {
                case 0, 1 -> many(cache, Kind.ALL, Operation.Get::new, pauseMicros);
                case 2 -> many(cache, Kind.ALL, () -> new Operation.Put(value()), pauseMicros);
                case 3 -> many(cache, Kind.ALL, Operation.Remove::new, pauseMicros);
                case 4 -> many(cache, Kind.CLEAR, Operation.Erase::new, pauseMicros);
                case 5 -> many(cache, Kind.SCAN, Operation.ContainsKey::new, pauseMicros);
                default -> new Step(cache, Kind.DESTROY, Map.of(), Consistency.STRONG, pauseMicros);
            };
        }

        private Step many(String cache, Kind kind, Supplier<Operation> operation, int pauseMicros) {
            Map<Integer, Operation> operations = new TreeMap<>();
            for (int key = 0; key < keys; key++) {
                operations.put(key, operation.get());
            }
            return new Step(cache, kind, operations, consistency(operations.get(0)), pauseMicros);
        }

        private Consistency consistency(Operation operation) {
            return !operation.isRead() || random.nextInt(3) == 0 ? Consistency.STRONG : Consistency.SESSION;
        }

        private String value() {
            return name + ":" + written++;
        }

        private Operation operation(@Nullable String lastSeen) {
            String value = value();
            String guess = random.nextInt(4) == 0 || lastSeen == null ? value + ":never" : lastSeen;
            return switch (random.nextInt(23)) {
                case 0, 1, 2 -> new Operation.Put(value);
                case 3 -> new Operation.GetAndPut(value);
                case 4 -> new Operation.PutIfAbsent(value);
                case 5 -> new Operation.Remove();
                case 6 -> new Operation.RemoveIf(guess);
                case 7 -> new Operation.GetAndRemove();
                case 8 -> new Operation.Replace(value);
                case 9 -> new Operation.ReplaceIf(guess, value);
                case 10 -> new Operation.GetAndReplace(value);
                case 11, 12 -> new Operation.Swap(value);
                case 13, 14 ->
                    new Operation.CompareAndSet(
                            random.nextBoolean() ? lastSeen : null, random.nextInt(4) == 0 ? null : value);
                case 15 -> new Operation.ContainsKey();
                case 16 -> new Operation.Touch();
                default -> new Operation.Get();
            };
        }
    }
}
