package dev.lockstep.protocol.wire;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A standard expiry policy as data, evaluated where the entry lives. None of the three may be {@link Lifetime#BY_RULE}.
 *
 * @param creation lifetime of a new entry; never {@link Lifetime#UNCHANGED}
 * @param update lifetime after a new value
 * @param access lifetime after a read
 */
public record ExpiryRule(Lifetime creation, Lifetime update, Lifetime access) {

    public static final ExpiryRule ETERNAL = new ExpiryRule(Lifetime.ETERNAL, Lifetime.UNCHANGED, Lifetime.UNCHANGED);

    /** An entry lives no longer than the shorter of the two after it was written; a read only prolongs the idle time. */
    public static ExpiryRule of(Optional<Duration> timeToLive, Optional<Duration> timeToIdle) {
        if (timeToIdle.isEmpty() && timeToLive.isEmpty()) {
            return ETERNAL;
        }
        Duration written = Stream.of(timeToIdle, timeToLive)
                .flatMap(Optional::stream)
                .min(Duration::compareTo)
                .orElseThrow();
        Lifetime lifetime = Lifetime.ofMillis(written.toMillis());
        return new ExpiryRule(
                lifetime,
                lifetime,
                timeToLive.isPresent() || timeToIdle.isEmpty()
                        ? Lifetime.UNCHANGED
                        : Lifetime.ofMillis(timeToIdle.get().toMillis()));
    }

    /** Formats the rule for messages. */
    @Override
    public String toString() {
        return "creation " + creation + ", update " + update + ", access " + access;
    }

    /** Tells whether reads change the deadline and so must be recorded. */
    public boolean isAccessBased() {
        return !access.equals(Lifetime.UNCHANGED);
    }
}
