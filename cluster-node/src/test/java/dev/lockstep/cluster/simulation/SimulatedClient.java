package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.protocol.routing.HeldLease;
import dev.lockstep.protocol.routing.LocalEntry;
import dev.lockstep.protocol.routing.LockstepException;
import dev.lockstep.protocol.routing.Session;
import dev.lockstep.protocol.routing.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A client with a session: each of its threads does one operation after another, as a JCache provider would do them, and
 * records what it was told.
 */
final class SimulatedClient {

    private static final Duration HOLD = Duration.ofSeconds(2);
    private static final int MAX_INVOCATIONS = 20;

    private final World world;
    private final SimulatedProcess process;
    private final String name;
    private final Recorder recorder;
    private final List<CacheDefinition> caches;
    private final List<Thread> threads = new ArrayList<>();
    private final Begun begun;
    private final Map<String, Integer> ids = new HashMap<>();
    private @Nullable Session session;
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
        for (int i = 0; i < workloads.size(); i++) {
            threads.add(new Thread(i == 0 ? name : name + "+" + i, workloads.get(i)));
        }
        this.begun = begun;
    }

    /** Gets itself a session and the caches, however long it takes, and begins. */
    void start(Supplier<CompletableFuture<Session>> connect) {
        connect.get().whenComplete((opened, failure) -> {
            if (failure == null) {
                session = opened;
                create(0);
            } else {
                world.after(world.micros(20_000, 60_000), process, () -> start(connect));
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
            Operation operation = coming.operation();
            Recorder.Open call = recorder.begins(name, coming.key(), coming.consistency(), operation);
            world.trace(() -> name + " begins " + operation + " of " + coming.key() + " " + coming.consistency());
            answer(ids.get(coming.cache()), Bytes.utf8(coming.key()), operation, coming.consistency())
                    .whenComplete((outcome, failure) -> {
                        Outcome told = failure == null ? outcome : failed(failure);
                        call.ended(told);
                        if (told instanceof Outcome.Value seen && seen.value() != null) {
                            lastSeen = seen.value();
                        }
                        world.mix(told.toString().hashCode());
                        world.trace(() -> name + " ends " + operation + " of " + coming.key() + ": " + told
                                + (failure == null
                                        ? ""
                                        : " " + Session.unwrap(failure).getMessage()));
                        next();
                    });
        }
    }

    private Outcome failed(Throwable failure) {
        if (Session.unwrap(failure) instanceof LockstepException refused) {
            return refused.status().kind() == Status.Kind.INDETERMINATE ? Outcome.UNKNOWN : Outcome.FAILED;
        }
        world.fail(this + ": an operation failed without a type", failure);
        return Outcome.UNKNOWN;
    }

    private CompletableFuture<Outcome> answer(int cache, Bytes key, Operation operation, Consistency consistency) {
        if (operation instanceof Operation.Get) {
            return read(cache, key, consistency).thenApply(Outcome::of);
        } else if (operation instanceof Operation.ContainsKey) {
            return session.getAll(cache, List.of(key), false, consistency)
                    .thenApply(found -> Outcome.of(found.containsKey(key)));
        } else if (operation instanceof Operation.Put put) {
            return write(cache, Mutation.put(key, bytes(put.written()), Condition.ANY))
                    .thenApply(result -> Outcome.DONE);
        } else if (operation instanceof Operation.GetAndPut put) {
            return write(
                            cache,
                            Mutation.put(key, bytes(put.written()), Condition.ANY)
                                    .returningOld())
                    .thenApply(SimulatedClient::old);
        } else if (operation instanceof Operation.PutIfAbsent put) {
            return write(cache, Mutation.put(key, bytes(put.written()), Condition.ABSENT))
                    .thenApply(SimulatedClient::applied);
        } else if (operation instanceof Operation.Remove) {
            return write(cache, Mutation.remove(key, Condition.ANY))
                    .thenApply(result -> Outcome.of(result.result().existed()));
        } else if (operation instanceof Operation.RemoveIf remove) {
            return write(cache, Mutation.remove(key, new Condition.ValueIs(bytes(remove.expected()))))
                    .thenApply(SimulatedClient::applied);
        } else if (operation instanceof Operation.GetAndRemove) {
            return write(cache, Mutation.remove(key, Condition.ANY).returningOld())
                    .thenApply(SimulatedClient::old);
        } else if (operation instanceof Operation.Replace replace) {
            return write(cache, Mutation.put(key, bytes(replace.written()), Condition.PRESENT))
                    .thenApply(SimulatedClient::applied);
        } else if (operation instanceof Operation.ReplaceIf replace) {
            return write(
                            cache,
                            Mutation.put(
                                    key, bytes(replace.written()), new Condition.ValueIs(bytes(replace.expected()))))
                    .thenApply(SimulatedClient::applied);
        } else if (operation instanceof Operation.GetAndReplace replace) {
            return write(
                            cache,
                            Mutation.put(key, bytes(replace.written()), Condition.PRESENT)
                                    .returningOld())
                    .thenApply(SimulatedClient::old);
        }
        return invoke(cache, key, operation, 1);
    }

    /** From the replica in this process if there is one and it can tell. */
    private CompletableFuture<@Nullable String> read(int cache, Bytes key, Consistency consistency) {
        LocalEntry local = consistency == Consistency.SESSION ? session.getLocal(cache, key) : null;
        if (local != null) {
            return CompletableFuture.completedFuture(local == LocalEntry.ABSENT ? null : text(local.value()));
        }
        return session.get(cache, key, consistency)
                .thenApply(found ->
                        found.entry() == null ? null : text(found.entry().value()));
    }

    private CompletableFuture<WriteResult> write(int cache, Mutation mutation) {
        return session.write(cache, mutation, LeaseId.NONE);
    }

    /** Lease, look, decide, write on the condition that nothing has changed; if something has, once more. */
    private CompletableFuture<Outcome> invoke(int cache, Bytes key, Operation operation, int attempt) {
        return session.readForUpdate(cache, key, HOLD).thenCompose(held -> {
            String seen = held.found().entry() == null
                    ? null
                    : text(held.found().entry().value());
            Mutation mutation = decided(key, operation, seen, held);
            CompletableFuture<Boolean> ended = mutation == null
                    ? session.release(cache, key, held.id(), held.found().unchanged())
                    : session.write(cache, mutation, held.id())
                            .thenApply(result -> result.result().applied());
            return ended.thenCompose(held2 -> {
                if (held2) {
                    return CompletableFuture.completedFuture(Outcome.of(seen));
                }
                if (attempt == MAX_INVOCATIONS) {
                    world.fail(this + ": " + operation + " met " + attempt + " conflicts", null);
                }
                return invoke(cache, key, operation, attempt + 1);
            });
        });
    }

    private static @Nullable Mutation decided(Bytes key, Operation operation, @Nullable String seen, HeldLease held) {
        Condition unchanged = held.found().unchanged();
        if (operation instanceof Operation.Swap swap) {
            return Mutation.put(key, bytes(swap.written()), unchanged);
        }
        var compare = (Operation.CompareAndSet) operation;
        if (!Objects.equals(compare.expected(), seen)) {
            return null;
        }
        if (compare.written() == null) {
            return seen == null ? null : Mutation.remove(key, unchanged);
        }
        return Mutation.put(key, bytes(compare.written()), unchanged);
    }

    private static Outcome old(WriteResult result) {
        Bytes old = result.result().old();
        return Outcome.of(old == null ? null : text(old));
    }

    private static Outcome applied(WriteResult result) {
        return Outcome.of(result.result().applied());
    }

    private static Bytes bytes(String text) {
        return Bytes.utf8(text);
    }

    private static String text(Bytes bytes) {
        return new String(bytes.array(), StandardCharsets.UTF_8);
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
