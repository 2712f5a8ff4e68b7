package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.Lifetime;

/** The lifetimes that a caller sends with its operations. Thread-safe. */
public interface Expiry extends AutoCloseable {

    /** Leaves every lifetime to the rule that the shards evaluate. */
    Expiry BY_RULE = new Expiry() {
        @Override
        public boolean isCustom() {
            return false;
        }

        @Override
        public Lifetime creation() {
            return Lifetime.BY_RULE;
        }

        @Override
        public Lifetime update() {
            return Lifetime.BY_RULE;
        }

        @Override
        public Lifetime access() {
            return Lifetime.BY_RULE;
        }

        @Override
        public void close() {}
    };

    /** Returns whether asking runs application code, and so must happen once for each event, and only when it happens. */
    boolean isCustom();

    Lifetime creation();

    Lifetime update();

    Lifetime access();

    @Override
    void close();
}
