package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.LruMap;
import dev.lockstep.protocol.wire.Bytes;
import java.security.MessageDigest;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Verifies passwords that are sent as they are, inside TLS. Since that takes hundreds of milliseconds of CPU, it remembers the last password of
 * each user that was right, as a hash under a key of its own, so that one that asks every few seconds is verified once. Thread-safe; the lock
 * guards what is remembered, and nothing is derived while it is held.
 */
public final class PlainPasswords {

    static final int MAX_REMEMBERED = 100;

    private final Bytes key;
    /** Verified in place of a user that does not exist, so that the time it takes does not tell. */
    private final ScramVerifier decoy;

    private final Map<String, Remembered> remembered = new LruMap<>(MAX_REMEMBERED);

    private record Remembered(ScramVerifier verifier, byte[] hash) {}

    public PlainPasswords(Entropy entropy) {
        this.key = ScramVerifier.random(entropy, ScramVerifier.DEFAULT_MECHANISM.keyBytes());
        this.decoy = new ScramVerifier(
                ScramVerifier.DEFAULT_MECHANISM,
                ScramVerifier.newSalt(entropy),
                ScramVerifier.DEFAULT_ITERATIONS,
                key,
                key);
    }

    /** Tells at once whether that password of that user was right before, and the user has had no other since. */
    public boolean isRemembered(String user, @Nullable ScramVerifier verifier, char[] password) {
        Remembered last;
        synchronized (remembered) {
            last = remembered.get(user);
        }
        return last != null && last.verifier().equals(verifier) && MessageDigest.isEqual(last.hash(), hash(password));
    }

    /**
     * Verifies a password, which takes tens to hundreds of milliseconds, and remembers one that is right.
     *
     * @param verifier that of the user; null if there is no such user, or it has no password
     */
    public boolean verify(String user, @Nullable ScramVerifier verifier, char[] password) {
        boolean isRight = (verifier == null ? decoy : verifier).isOf(password);
        if (!isRight || verifier == null) {
            return false;
        }
        Remembered now = new Remembered(verifier, hash(password));
        synchronized (remembered) {
            remembered.put(user, now);
        }
        return true;
    }

    private byte[] hash(char[] password) {
        return ScramVerifier.DEFAULT_MECHANISM.hmac(
                key.array(), Bytes.utf8(String.valueOf(password)).array());
    }
}
