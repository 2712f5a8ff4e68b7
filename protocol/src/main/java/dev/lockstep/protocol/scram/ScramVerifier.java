package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a cluster keeps of a password: enough to recognise who knows it, and to prove to him that the cluster does. Whoever reads it
 * has to guess the password at the cost of the iterations for each guess, but can pass for the cluster. Immutable.
 *
 * @param salt 16 to 64 bytes, random
 * @param iterations 4,096 to 1,000,000
 * @param storedKey by which the proof of a user is verified
 * @param serverKey with which the cluster signs
 */
public record ScramVerifier(ScramMechanism mechanism, Bytes salt, int iterations, Bytes storedKey, Bytes serverKey) {

    /** The most characters of a user's name, prepared. */
    public static final int MAX_USER = 128;

    public static final int MIN_SALT = 16;
    public static final int MAX_SALT = 64;
    public static final int MIN_ITERATIONS = 4_096;
    public static final int MAX_ITERATIONS = 1_000_000;

    /** The mechanism of new passwords. */
    public static final ScramMechanism DEFAULT_MECHANISM = ScramMechanism.SHA_256;

    /** The iterations of new passwords, as OWASP recommends them. */
    public static final int DEFAULT_ITERATIONS = 600_000;

    private static final int DECOY_KEY = 32;

    private static final Pattern TEXT = Pattern.compile("([A-Z0-9-]{1,20})\\$([1-9][0-9]{0,8}):" + ScramMessages.BASE64
            + "\\$" + ScramMessages.BASE64 + ":" + ScramMessages.BASE64);

    public ScramVerifier {
        checkBounds(salt.size(), iterations);
        if (storedKey.size() != mechanism.keyBytes() || serverKey.size() != mechanism.keyBytes()) {
            throw new ScramException(
                    "The keys of " + mechanism.saslName() + " must have " + mechanism.keyBytes() + " bytes each");
        }
    }

    /** @throws ScramException when a salt of that size or so many iterations are out of bounds */
    static void checkBounds(int saltBytes, int iterations) {
        if (saltBytes < MIN_SALT || saltBytes > MAX_SALT) {
            throw new ScramException("A salt must have " + MIN_SALT + " to " + MAX_SALT + " bytes, not " + saltBytes);
        }
        if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
            throw new ScramException(
                    "The iterations must be " + MIN_ITERATIONS + " to " + MAX_ITERATIONS + ", not " + iterations);
        }
    }

    /**
     * Derives the verifier of a password, which takes tens to hundreds of milliseconds.
     *
     * @param password for the caller to clear
     * @throws ScramException when the password can't be used, or the rest is out of bounds
     */
    public static ScramVerifier of(ScramMechanism mechanism, char[] password, Bytes salt, int iterations) {
        ScramKeys keys = ScramKeys.derive(mechanism, password, salt, iterations);
        return new ScramVerifier(mechanism, salt, iterations, keys.storedKey(), keys.serverKey());
    }

    /**
     * Reads a verifier as {@link #text} has written it.
     *
     * @throws ScramException when it is none
     */
    public static ScramVerifier parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new ScramException(
                    "A verifier is written as SCRAM-SHA-256$iterations:salt$stored key:server key, with salt and keys in Base64");
        }
        return new ScramVerifier(
                ScramMechanism.named(parts.group(1)),
                ScramMessages.base64(parts.group(3)),
                Integer.parseInt(parts.group(2)),
                ScramMessages.base64(parts.group(4)),
                ScramMessages.base64(parts.group(5)));
    }

    /** Writes it with its keys, as PostgreSQL does. */
    public String text() {
        return mechanism.saslName() + "$" + iterations + ":" + ScramMessages.base64(salt.array()) + "$"
                + ScramMessages.base64(storedKey.array()) + ":" + ScramMessages.base64(serverKey.array());
    }

    /** A salt for a new password. */
    public static Bytes newSalt(Entropy entropy) {
        return random(entropy, MIN_SALT);
    }

    /** A key for {@link ScramServer}. */
    public static Bytes newDecoyKey(Entropy entropy) {
        return random(entropy, DECOY_KEY);
    }

    static Bytes random(Entropy entropy, int bytes) {
        ByteBuffer random = ByteBuffer.allocate(bytes);
        while (random.hasRemaining()) {
            random.putLong(entropy.nextLong());
        }
        return Bytes.of(random.array());
    }

    /** Returns the name under which a user is kept and looked up, in which all that look the same are the same. */
    public static String user(String name) {
        return Prepared.user(name);
    }

    /**
     * Tells whether it is that of a password, which takes as long as {@link #of}.
     *
     * @param password for the caller to clear
     */
    boolean isOf(char[] password) {
        try {
            return MessageDigest.isEqual(
                    ScramKeys.derive(mechanism, password, salt, iterations)
                            .storedKey()
                            .array(),
                    storedKey.array());
        } catch (ScramException unusable) {
            return false;
        }
    }

    /** Whether {@code proof} is of one who knows the password. Takes the same time for any proof. */
    boolean accepts(byte[] proof, byte[] exchange) {
        if (proof.length != mechanism.keyBytes()) {
            return false;
        }
        byte[] clientKey = ScramMechanism.xor(mechanism.hmac(storedKey.array(), exchange), proof);
        return MessageDigest.isEqual(mechanism.digest(clientKey), storedKey.array());
    }

    byte[] signature(byte[] exchange) {
        return mechanism.hmac(serverKey.array(), exchange);
    }
}
