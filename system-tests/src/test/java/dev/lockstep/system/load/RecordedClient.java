package dev.lockstep.system.load;

import dev.lockstep.cluster.history.Operation;
import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.cluster.history.Recorder;
import dev.lockstep.jcache.LockstepCache;
import dev.lockstep.jcache.LockstepCacheException;
import dev.lockstep.protocol.wire.Consistency;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ModifiedExpiryPolicy;
import org.jspecify.annotations.Nullable;

/** A client with a CacheManager, and so a session, of its own, whose calls are drawn at random and recorded. One thread at a time. */
public final class RecordedClient implements AutoCloseable {

    /** Keys that begin so live in the cache whose entries expire. */
    public static final String TIMED = "timed";

    /** The cache of the other keys. */
    public static final String PLAIN = "plain";

    static final long LIFETIME_MILLIS = 2_000;
    private static final int PACE_MILLIS = 60;
    /** The number of reads in a hundred calls. */
    private static final int READS = 32;

    private final String name;
    private final boolean reader;
    private final boolean patient;
    private final Random random;
    private final CacheManager manager;
    private final LockstepCache<String, String> plain;
    private final LockstepCache<String, String> timed;
    private final Map<String, @Nullable String> seen = new HashMap<>();
    private final CallListener listener;
    /** The exception with which the last call ended. */
    private @Nullable LockstepCacheException refusal;

    private int values;

    /**
     * @param reader whether it only reads: a client that waits for a lost write would see nothing of a node that answers
     *     what it must not
     * @param patient whether the time-out in the URI is longer than any call may take
     */
    RecordedClient(String name, boolean reader, boolean patient, URI uri, long seed, CallListener listener) {
        this.name = name;
        this.reader = reader;
        this.patient = patient;
        this.random = new Random(seed);
        this.listener = listener;
        // A class loader of its own, or the provider would hand out one manager to all.
        this.manager = Caching.getCachingProvider()
                .getCacheManager(uri, new ClassLoader(RecordedClient.class.getClassLoader()) {});
        this.plain = cache(PLAIN, configuration());
        this.timed = cache(
                TIMED,
                configuration()
                        .setExpiryPolicyFactory(
                                ModifiedExpiryPolicy.factoryOf(new Duration(TimeUnit.MILLISECONDS, LIFETIME_MILLIS))));
    }

    private static MutableConfiguration<String, String> configuration() {
        return new MutableConfiguration<String, String>().setTypes(String.class, String.class);
    }

    @SuppressWarnings("unchecked")
    private LockstepCache<String, String> cache(String cache, MutableConfiguration<String, String> configuration) {
        return manager.createCache(cache, configuration).unwrap(LockstepCache.class);
    }

    private LockstepCache<String, String> cacheOf(String key) {
        return key.startsWith(TIMED) ? timed : plain;
    }

    /** Calls until there were so many or it shall end. */
    void work(Recorder recorder, List<String> keys, int calls, BooleanSupplier end) {
        for (int i = 0; i < calls && !end.getAsBoolean(); i++) {
            String key = keys.get(random.nextInt(keys.size()));
            Operation operation = next(key);
            boolean session = operation.isRead() && random.nextInt(100) < 55;
            Consistency consistency = session ? Consistency.SESSION : Consistency.STRONG;
            Recorder.Open call = recorder.begins(name, key, consistency, operation);
            long began = System.nanoTime();
            Outcome outcome = outcome(key, operation, session);
            call.ended(outcome);
            listener.answered(new CallListener.Answer(
                    kind(operation, session), outcome, patient, began, System.nanoTime(), refusal));
            refusal = null;
            if (outcome instanceof Outcome.Value read) {
                seen.put(key, read.value());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(PACE_MILLIS)));
        }
        seen.clear();
    }

    private static String kind(Operation operation, boolean session) {
        String kind = operation.getClass().getSimpleName();
        return !operation.isRead() ? kind : session ? "session " + kind : "strong " + kind;
    }

    /** Derives the outcome of an operation from its exception, if it threw one. */
    private Outcome outcome(String key, Operation operation, boolean session) {
        try {
            return done(session ? cacheOf(key) : cacheOf(key).strong(), key, operation);
        } catch (LockstepCacheException refused) {
            refusal = refused;
            return refused.kind() == LockstepCacheException.Kind.INDETERMINATE ? Outcome.UNKNOWN : Outcome.FAILED;
        } catch (RuntimeException odd) {
            listener.odd(odd);
            return Outcome.UNKNOWN;
        }
    }

    private static Outcome done(Cache<String, String> cache, String key, Operation operation) {
        if (operation instanceof Operation.Get) {
            return Outcome.of(cache.get(key));
        } else if (operation instanceof Operation.ContainsKey) {
            return Outcome.of(cache.containsKey(key));
        } else if (operation instanceof Operation.Put put) {
            cache.put(key, put.written());
            return Outcome.DONE;
        } else if (operation instanceof Operation.GetAndPut put) {
            return Outcome.of(cache.getAndPut(key, put.written()));
        } else if (operation instanceof Operation.PutIfAbsent put) {
            return Outcome.of(cache.putIfAbsent(key, put.written()));
        } else if (operation instanceof Operation.Remove) {
            return Outcome.of(cache.remove(key));
        } else if (operation instanceof Operation.RemoveIf remove) {
            return Outcome.of(cache.remove(key, remove.expected()));
        } else if (operation instanceof Operation.GetAndRemove) {
            return Outcome.of(cache.getAndRemove(key));
        } else if (operation instanceof Operation.Replace replace) {
            return Outcome.of(cache.replace(key, replace.written()));
        } else if (operation instanceof Operation.ReplaceIf replace) {
            return Outcome.of(cache.replace(key, replace.expected(), replace.written()));
        } else if (operation instanceof Operation.GetAndReplace replace) {
            return Outcome.of(cache.getAndReplace(key, replace.written()));
        } else if (operation instanceof Operation.Swap swap) {
            return Outcome.of(cache.<String>invoke(key, (entry, arguments) -> {
                String value = entry.getValue();
                entry.setValue(swap.written());
                return value;
            }));
        }
        Operation.CompareAndSet compare = (Operation.CompareAndSet) operation;
        return Outcome.of(cache.<String>invoke(key, (entry, arguments) -> {
            String value = entry.getValue();
            if (Objects.equals(value, compare.expected())) {
                if (compare.written() != null) {
                    entry.setValue(compare.written());
                } else if (value != null) {
                    entry.remove();
                }
            }
            return value;
        }));
    }

    private Operation next(String key) {
        String written = name + ".v" + values++;
        String last = seen.get(key);
        String expected = last == null ? "none" : last;
        int kind = random.nextInt(reader ? READS : 100);
        if (kind < 30) {
            return new Operation.Get();
        } else if (kind < READS) {
            return new Operation.ContainsKey();
        } else if (kind < 43) {
            return new Operation.Put(written);
        } else if (kind < 49) {
            return new Operation.GetAndPut(written);
        } else if (kind < 56) {
            return new Operation.PutIfAbsent(written);
        } else if (kind < 60) {
            return new Operation.Remove();
        } else if (kind < 64) {
            return new Operation.RemoveIf(expected);
        } else if (kind < 68) {
            return new Operation.GetAndRemove();
        } else if (kind < 73) {
            return new Operation.Replace(written);
        } else if (kind < 80) {
            return new Operation.ReplaceIf(expected, written);
        } else if (kind < 84) {
            return new Operation.GetAndReplace(written);
        } else if (kind < 92) {
            return new Operation.Swap(written);
        }
        return new Operation.CompareAndSet(last, random.nextInt(4) == 0 ? null : written);
    }

    /** Tells whether it can store a value and read it back now. */
    boolean isServed(String key) {
        String value = name + ".served" + values++;
        try {
            plain.put(key, value);
            return value.equals(plain.strong().get(key)) && value.equals(plain.get(key));
        } catch (LockstepCacheException notYet) {
            return false;
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
