package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.protocol.link.LocalEntry;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.PartialWriteException;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Status;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Does operations on a session as a JCache provider would do them, and says what its user would be told. */
final class SessionOperations {

    private static final int MAX_INVOCATIONS = 20;

    private final World world;
    private final String name;
    private final Session session;

    SessionOperations(World world, String name, Session session) {
        this.world = world;
        this.name = name;
        this.session = session;
    }

    /** The caller's knowledge after a failure; one without a type ends the run. */
    Outcome failed(Throwable failure) {
        if (Futures.cause(failure) instanceof RequestFailedException refused) {
            return refused.status().kind() == Status.Kind.INDETERMINATE ? Outcome.UNKNOWN : Outcome.FAILED;
        }
        world.fail(name + ": an operation failed without a type", failure);
        return Outcome.UNKNOWN;
    }

    /** An operation on one key. */
    CompletableFuture<Outcome> one(int cache, Bytes key, Operation operation, Consistency consistency) {
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
                    .thenApply(SessionOperations::old);
        } else if (operation instanceof Operation.PutIfAbsent put) {
            return write(cache, Mutation.put(key, bytes(put.written()), Condition.ABSENT))
                    .thenApply(SessionOperations::applied);
        } else if (operation instanceof Operation.Remove) {
            return write(cache, Mutation.remove(key, Condition.ANY))
                    .thenApply(result -> Outcome.of(result.result().existed()));
        } else if (operation instanceof Operation.RemoveIf remove) {
            return write(cache, Mutation.remove(key, new Condition.ValueIs(bytes(remove.expected()))))
                    .thenApply(SessionOperations::applied);
        } else if (operation instanceof Operation.GetAndRemove) {
            return write(cache, Mutation.remove(key, Condition.ANY).returningOld())
                    .thenApply(SessionOperations::old);
        } else if (operation instanceof Operation.Replace replace) {
            return write(cache, Mutation.put(key, bytes(replace.written()), Condition.PRESENT))
                    .thenApply(SessionOperations::applied);
        } else if (operation instanceof Operation.ReplaceIf replace) {
            return write(
                            cache,
                            Mutation.put(
                                    key, bytes(replace.written()), new Condition.ValueIs(bytes(replace.expected()))))
                    .thenApply(SessionOperations::applied);
        } else if (operation instanceof Operation.GetAndReplace replace) {
            return write(
                            cache,
                            Mutation.put(key, bytes(replace.written()), Condition.PRESENT)
                                    .returningOld())
                    .thenApply(SessionOperations::old);
        }
        if (operation instanceof Operation.Touch) {
            return write(cache, Mutation.touch(key, Condition.PRESENT, Lifetime.BY_RULE))
                    .thenApply(SessionOperations::applied);
        }
        return invoke(cache, key, operation, 1);
    }

    /** {@code getAll}, {@code putAll} or {@code removeAll}, as the operations are. */
    CompletableFuture<Map<Bytes, Outcome>> all(int cache, Map<Bytes, Operation> operations, Consistency consistency) {
        if (operations.values().stream().allMatch(Operation::isRead)) {
            return session.getAll(cache, operations.keySet(), true, consistency)
                    .thenApply(found -> told(operations.keySet(), key -> {
                        var entry = found.get(key);
                        return Outcome.of(entry == null ? null : text(entry.value()));
                    }));
        }
        List<Mutation> mutations = operations.entrySet().stream()
                .map(entry -> entry.getValue() instanceof Operation.Put put
                        ? Mutation.put(entry.getKey(), bytes(put.written()), Condition.ANY)
                        : Mutation.remove(entry.getKey(), Condition.ANY))
                .toList();
        return session.writeAll(cache, mutations).handle((results, failure) -> {
            if (failure == null) {
                return told(operations.keySet(), key -> written(operations.get(key), results.get(key)));
            }
            if (Futures.cause(failure) instanceof PartialWriteException partial) {
                return told(operations.keySet(), key -> {
                    Throwable why = partial.failures().get(key);
                    return why == null
                            ? written(operations.get(key), partial.results().get(key))
                            : failed(why);
                });
            }
            return told(operations.keySet(), key -> failed(failure));
        });
    }

    private static Outcome written(Operation operation, WriteResult result) {
        return operation instanceof Operation.Put
                ? Outcome.DONE
                : Outcome.of(result.result().existed());
    }

    /** A failure may leave some shards cleared. */
    CompletableFuture<Map<Bytes, Outcome>> clear(int cache, Set<Bytes> keys) {
        return session.clear(cache).handle((none, failure) -> {
            if (failure != null) {
                failed(failure);
            }
            return told(keys, key -> failure == null ? Outcome.DONE : Outcome.UNKNOWN);
        });
    }

    /** Lists the cache's keys in pages of two, and tells of each key whether it was there. */
    CompletableFuture<Map<Bytes, Outcome>> scan(int cache, Set<Bytes> keys, Consistency consistency) {
        Set<Bytes> found = new HashSet<>();
        return scan(cache, 0, null, consistency, found)
                .thenApply(none -> told(keys, key -> Outcome.of(found.contains(key))));
    }

    private CompletableFuture<Void> scan(
            int cache, int shard, @Nullable Bytes after, Consistency consistency, Set<Bytes> found) {
        if (shard == session.shards()) {
            return CompletableFuture.completedFuture(null);
        }
        return session.scan(cache, shard, after, 2, consistency).thenCompose(page -> {
            for (Bytes key : page.keys()) {
                if (!found.add(key)) {
                    world.fail(name + ": a scan lists " + text(key) + " twice", null);
                }
            }
            return page.complete()
                    ? scan(cache, shard + 1, null, consistency, found)
                    : scan(cache, shard, page.keys().get(page.keys().size() - 1), consistency, found);
        });
    }

    private static Map<Bytes, Outcome> told(Set<Bytes> keys, Function<Bytes, Outcome> outcome) {
        Map<Bytes, Outcome> told = new HashMap<>();
        keys.forEach(key -> told.put(key, outcome.apply(key)));
        return told;
    }

    /** Reads from the replica in this process if there is one and it can tell. */
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
        return session.readForUpdate(cache, key).thenCompose(held -> {
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
                    world.fail(name + ": " + operation + " met " + attempt + " conflicts", null);
                }
                return invoke(cache, key, operation, attempt + 1);
            });
        });
    }

    private static @Nullable Mutation decided(Bytes key, Operation operation, @Nullable String seen, LeaseGrant held) {
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

    static String text(Bytes bytes) {
        return new String(bytes.array(), StandardCharsets.UTF_8);
    }
}
