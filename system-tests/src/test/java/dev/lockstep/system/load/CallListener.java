package dev.lockstep.system.load;

import dev.lockstep.cluster.history.Outcome;
import dev.lockstep.jcache.LockstepCacheException;
import org.jspecify.annotations.Nullable;

/** Takes what recorded clients were told. Thread-safe. */
public interface CallListener {

    /**
     * A call that has ended.
     *
     * @param kind of operation
     * @param patient whether the client would have waited longer than any call may take
     * @param refusal the exception with which it ended; null if there was none
     */
    record Answer(
            String kind,
            Outcome outcome,
            boolean patient,
            long beganNanos,
            long endedNanos,
            @Nullable LockstepCacheException refusal) {}

    void answered(Answer answer);

    /** Takes an exception that no client should see. */
    void odd(RuntimeException failure);
}
