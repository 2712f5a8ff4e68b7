package dev.lockstep.jcache.expiry;

import dev.lockstep.protocol.wire.Lifetime;

/** How long entries live, as the caller says with each operation. Thread-safe. */
public interface Expiry extends AutoCloseable {

    /** Leaves it all to the rule that the shards evaluate. */
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

    /** Whether asking runs code of the application, and so must happen once for each event, and only when it happens. */
    boolean isCustom();

    Lifetime creation();

    Lifetime update();

    Lifetime access();

    @Override
    void close();
}
