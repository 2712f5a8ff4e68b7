package dev.lockstep.protocol.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * The right of one thread at a time to work on something, for which no thread ever waits: the thread that raises the claims
 * from zero works until it has brought them back to zero. The others leave, and it finds what they have left behind.
 */
public final class Claims {

    private final AtomicInteger claims = new AtomicInteger();

    /**
     * Raises the claims, once what they are about is where the work will find it.
     *
     * @return whether the caller has to {@link #work}
     */
    public boolean raise() {
        return claims.getAndIncrement() == 0;
    }

    /**
     * Repeats a step until no claim was raised during it.
     *
     * @param step returns false when another call of this continues the work, later or on another thread
     */
    public void work(BooleanSupplier step) {
        int worked;
        do {
            worked = claims.get();
            if (!step.getAsBoolean()) {
                return;
            }
        } while (!claims.compareAndSet(worked, 0));
    }
}
