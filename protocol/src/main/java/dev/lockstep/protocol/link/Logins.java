package dev.lockstep.protocol.link;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** The passwords that a listener lets in. Thread-safe; asked with each log-in, on the loop of its connection. */
public interface Logins {

    /** No user has a password. */
    Logins NONE = new Logins() {

        private final Bytes decoyKey = ScramVerifier.newDecoyKey(Entropy.system());

        @Override
        public @Nullable ScramVerifier verifier(String user) {
            return null;
        }

        @Override
        public Bytes decoyKey() {
            return decoyKey;
        }
    };

    /** Tells whether the users are known by now: a node that has just been started refuses log-ins until it has learnt of them. */
    default boolean areKnown() {
        return true;
    }

    /**
     * Learns of a peer that was not let in.
     *
     * @param user as whom it wanted to log in; empty if it did not
     */
    default void turnedAway(String user, String from, String why) {}

    /**
     * Returns what a user's password is verified by; null if there is no such user, or it has no password.
     *
     * @param user prepared, see {@link ScramVerifier#user}
     */
    @Nullable
    ScramVerifier verifier(String user);

    /**
     * Returns the key of {@link ScramVerifier#newDecoyKey} from which the salts of users follow who do not exist. It is secret, and must be
     * the same on all nodes and for as long as the cluster exists: a salt that changes shows that there is no such user.
     */
    Bytes decoyKey();
}
