package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.protocol.wire.Consistency;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What a client does next. */
interface Workload {

    /**
     * The next operation, or null when there is no more.
     *
     * @param lastSeen the value that the client saw last
     */
    @Nullable
    Step next(@Nullable String lastSeen);

    /** One operation, {@code pauseMicros} after the one before at most. */
    record Step(String cache, String key, Operation operation, Consistency consistency, int pauseMicros) {}

    /** Reads keys, each once and strongly. */
    static Workload reading(List<Step> steps) {
        Iterator<Step> rest = steps.iterator();
        return lastSeen -> rest.hasNext() ? rest.next() : null;
    }

    /** A number of operations of all kinds. */
    final class Mixed implements Workload {

        private final String name;
        private final List<String> caches;
        private final int keys;
        private final SplittableRandom random;
        private int left;
        private int written;

        /** @param name of whoever writes: no two write the same values */
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
            left--;
            String cache = caches.get(random.nextInt(caches.size()));
            Operation operation = operation(lastSeen);
            Consistency consistency =
                    !operation.isRead() || random.nextInt(3) == 0 ? Consistency.STRONG : Consistency.SESSION;
            return new Step(
                    cache,
                    cache + "/" + random.nextInt(keys),
                    operation,
                    consistency,
                    random.nextInt(3) == 0 ? 100 : 40_000);
        }

        private Operation operation(@Nullable String lastSeen) {
            String value = name + ":" + written++;
            String guess = random.nextInt(4) == 0 || lastSeen == null ? value + ":never" : lastSeen;
            return switch (random.nextInt(22)) {
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
                default -> new Operation.Get();
            };
        }
    }
}
