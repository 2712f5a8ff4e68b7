package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.LruMap;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.util.Map;

/**
 * A user and a way to his password, which is read when it is needed and cleared at once. The keys derived from it are kept, so that only
 * the first of many connections takes long. Thread-safe; concurrent callers wait for one derivation.
 */
public final class ScramCredentials {

    private static final int MAX_REMEMBERED = 8;

    /** Where a password comes from: a file, a variable, a question at a terminal. */
    @FunctionalInterface
    public interface Password {

        /** Returns the password, for the caller to clear. */
        char[] read() throws IOException;
    }

    private record Derivation(ScramMechanism mechanism, Bytes salt, int iterations) {}

    private final String user;
    private final Password password;
    private final Map<Derivation, ScramKeys> remembered = new LruMap<>(MAX_REMEMBERED);

    /** @throws ScramException when it is no name of a user */
    public ScramCredentials(String user, Password password) {
        this.user = Prepared.user(user);
        this.password = password;
    }

    public String user() {
        return user;
    }

    /** Forgets what was derived: the password that it came from was refused, and may have been replaced. */
    public synchronized void refused() {
        remembered.clear();
    }

    /**
     * @throws IOException when the password can't be read
     * @throws ScramException when it can't be used, or the rest is out of bounds
     */
    synchronized ScramKeys keys(ScramMechanism mechanism, Bytes salt, int iterations) throws IOException {
        Derivation derivation = new Derivation(mechanism, salt, iterations);
        ScramKeys known = remembered.get(derivation);
        if (known != null) {
            return known;
        }
        char[] read = password.read();
        try {
            ScramKeys derived = ScramKeys.derive(mechanism, read, salt, iterations);
            remembered.put(derivation, derived);
            return derived;
        } finally {
            Prepared.clear(read);
        }
    }

    /** The user alone. */
    @Override
    public String toString() {
        return "ScramCredentials[" + user + "]";
    }
}
