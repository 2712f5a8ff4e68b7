package dev.lockstep.protocol.wire;

/**
 * A standard expiry policy as data, evaluated where the entry lives. None of the three may be {@link Lifetime#BY_RULE}.
 *
 * @param creation lifetime of a new entry; never {@link Lifetime#UNCHANGED}
 * @param update lifetime after a new value
 * @param access lifetime after a read
 */
public record ExpiryRule(Lifetime creation, Lifetime update, Lifetime access) {

    public static final ExpiryRule ETERNAL = new ExpiryRule(Lifetime.ETERNAL, Lifetime.UNCHANGED, Lifetime.UNCHANGED);

    /** Whether a read has to be written down. */
    public boolean isAccessBased() {
        return !access.equals(Lifetime.UNCHANGED);
    }
}
