package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A client with a session: each of its threads does one operation after another, as a JCache provider would do them, and
 * records what it was told.
 */
final class SimulatedClient {

    private final World world;
    private final SimulatedProcess process;
    private final String name;
    private final Recorder recorder;
    private final List<CacheDefinition> caches;
    private final Map<String, CacheDefinition> definitions = new HashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Begun begun;
    private final Map<String, Integer> ids = new HashMap<>();
    private @Nullable Session session;
    private @Nullable SessionOperations operations;
    private String doing = "connecting";

    /** Takes the session, and the caches' ids by name. */
    interface Begun {

        void begins(Session session, Map<String, Integer> caches);
    }

    /** @param begun told when it has its session and knows its caches */
    SimulatedClient(
            World world,
            SimulatedProcess process,
            String name,
            Recorder recorder,
            List<CacheDefinition> caches,
            List<Workload> workloads,
            Begun begun) {
        this.world = world;
        this.process = process;
        this.name = name;
        this.recorder = recorder;
        this.caches = caches;
        caches.forEach(cache -> definitions.put(cache.name(), cache));
        for (int i = 0; i < workloads.size(); i++) {
            threads.add(new Thread(i == 0 ? name : name + "+" + i, workloads.get(i)));
        }
        this.begun = begun;
    }

    /** Gets itself a session and the caches, however long it takes, and begins. */
    void start(Supplier<CompletableFuture<Session>> connect) {
        connect(world, process, connect, opened -> {
            session = opened;
            operations = new SessionOperations(world, name, opened);
            create(0);
        });
    }

    /** Opens a session from a process, however often that fails because no node answers yet. */
    static void connect(
            World world,
            SimulatedProcess process,
            Supplier<CompletableFuture<Session>> connect,
            Consumer<Session> then) {
        connect.get().whenComplete((opened, failure) -> {
            if (failure == null) {
                then.accept(opened);
            } else {
                world.after(world.micros(20_000, 60_000), process, () -> connect(world, process, connect, then));
            }
        });
    }

    private void create(int number) {
        if (number == caches.size()) {
            begun.begins(session, ids);
            threads.forEach(Thread::next);
            return;
        }
        CacheDefinition definition = caches.get(number);
        doing = "creating " + definition.name();
        session.createCache(definition).whenComplete((info, failure) -> {
            if (failure == null) {
                ids.put(definition.name(), info.id());
                create(number + 1);
            } else {
                world.after(world.micros(20_000, 60_000), process, () -> create(number));
            }
        });
    }

    String doing() {
        return threads.stream().noneMatch(thread -> thread.begun)
                ? this + " is " + doing
                : threads.stream()
                        .filter(thread -> !thread.done)
                        .map(thread -> thread.name + " is at " + thread.step)
                        .collect(Collectors.joining(", "));
    }

    boolean isDone() {
        return threads.stream().allMatch(thread -> thread.done);
    }

    /** Does one thing at a time; a client of its own to the history, since it can't know what the others see. */
    private final class Thread {

        private final String name;
        private final Workload workload;
        private Workload.@Nullable Step step;
        private @Nullable String lastSeen;
        private boolean begun;
        private boolean done;

        Thread(String name, Workload workload) {
            this.name = name;
            this.workload = workload;
        }

        void next() {
            begun = true;
            Workload.Step coming = workload.next(lastSeen);
            step = coming;
            if (coming == null) {
                done = true;
            } else {
                world.after(world.micros(0, coming.pauseMicros()), process, () -> perform(coming));
            }
        }

        private void perform(Workload.Step coming) {
            int cache = ids.get(coming.cache());
            if (coming.kind() == Workload.Kind.DESTROY) {
                world.trace(() -> name + " destroys " + coming.cache() + " " + cache);
                session.destroyCache(cache).whenComplete((none, failure) -> {
                    if (failure != null) {
                        operations.failed(failure);
                    }
                    renew(coming.cache());
                });
                return;
            }
            String prefix = prefix(coming.cache(), cache);
            SortedMap<Bytes, Operation> asked = new TreeMap<>();
            coming.operations().forEach((key, operation) -> asked.put(Bytes.utf8(prefix + key), operation));
            Map<Bytes, Recorder.Open> calls = new HashMap<>();
            asked.forEach((key, operation) -> calls.put(
                    key, recorder.begins(name, SessionOperations.text(key), coming.consistency(), operation)));
            world.trace(() -> name + " begins " + coming.kind() + " " + texts(asked) + " " + coming.consistency());
            answered(cache, coming, asked).whenComplete((outcomes, failure) -> {
                SortedMap<Bytes, Outcome> told = new TreeMap<>();
                asked.keySet()
                        .forEach(
                                key -> told.put(key, failure == null ? outcomes.get(key) : operations.failed(failure)));
                told.forEach((key, outcome) -> {
                    calls.get(key).ended(outcome);
                    if (outcome instanceof Outcome.Value seen && seen.value() != null) {
                        lastSeen = seen.value();
                    }
                });
                world.mix(told.values().toString().hashCode());
                world.trace(() -> name + " ends " + coming.kind() + " " + texts(told)
                        + (failure == null ? "" : " " + Futures.cause(failure).getMessage()));
                if (coming.cache().equals(Run.MORTAL) && told.containsValue(Outcome.FAILED)) {
                    renew(coming.cache());
                } else {
                    next();
                }
            });
        }

        /** Creates the cache that was destroyed, unless another has, and goes on. */
        private void renew(String cache) {
            session.createCache(definitions.get(cache)).whenComplete((info, failure) -> {
                if (failure == null) {
                    ids.put(cache, info.id());
                } else {
                    operations.failed(failure);
                }
                next();
            });
        }
    }

    private CompletableFuture<Map<Bytes, Outcome>> answered(
            int cache, Workload.Step step, SortedMap<Bytes, Operation> asked) {
        return switch (step.kind()) {
            case ONE -> {
                Bytes key = asked.firstKey();
                yield operations
                        .one(cache, key, asked.get(key), step.consistency())
                        .thenApply(outcome -> Map.of(key, outcome));
            }
            case ALL -> operations.all(cache, asked, step.consistency());
            case CLEAR -> operations.clear(cache, asked.keySet());
            case SCAN -> operations.scan(cache, asked.keySet(), step.consistency());
            case DESTROY -> throw new IllegalStateException("answers nothing");
        };
    }

    /** The keys of a cache that is created again are others: what its name stood for before is over. */
    private static String prefix(String cache, int id) {
        return cache.equals(Run.MORTAL) ? cache + ":" + id + "/" : cache + "/";
    }

    private static String texts(Map<Bytes, ?> map) {
        return map.entrySet().stream()
                .map(entry -> SessionOperations.text(entry.getKey()) + ": " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** The time that a client waits for an answer at most. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Longer than any operation may take, its attempts included. */
    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    @Override
    public String toString() {
        return name;
    }
}
