package dev.lockstep.protocol.scram;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The hash that a log-in is made of. A SASL name never has the suffix for channel binding, since there is no log-in without. */
public enum ScramMechanism {
    SHA_256("SCRAM-SHA-256", "SHA-256", "HmacSHA256", "PBKDF2WithHmacSHA256", 32),
    SHA_512("SCRAM-SHA-512", "SHA-512", "HmacSHA512", "PBKDF2WithHmacSHA512", 64);

    private final String saslName;
    private final String digest;
    private final String mac;
    private final String derivation;
    private final int keyBytes;

    ScramMechanism(String saslName, String digest, String mac, String derivation, int keyBytes) {
        this.saslName = saslName;
        this.digest = digest;
        this.mac = mac;
        this.derivation = derivation;
        this.keyBytes = keyBytes;
    }

    /** @throws ScramException when there is none of that name */
    public static ScramMechanism named(String saslName) {
        for (ScramMechanism mechanism : values()) {
            if (mechanism.saslName.equals(saslName)) {
                return mechanism;
            }
        }
        throw new ScramException("There is no mechanism of that name, only SCRAM-SHA-256 and SCRAM-SHA-512");
    }

    public String saslName() {
        return saslName;
    }

    /** The size of each of its keys and signatures. */
    public int keyBytes() {
        return keyBytes;
    }

    byte[] digest(byte[] message) {
        try {
            return MessageDigest.getInstance(digest).digest(message);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("This JDK lacks " + digest, missing);
        }
    }

    byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac keyed = Mac.getInstance(mac);
            keyed.init(new SecretKeySpec(key, mac));
            return keyed.doFinal(message);
        } catch (NoSuchAlgorithmException | InvalidKeyException missing) {
            throw new IllegalStateException("This JDK lacks " + mac, missing);
        }
    }

    /** The salted password, for the caller to clear. Takes as long as the iterations demand. */
    byte[] derive(char[] preparedPassword, byte[] salt, int iterations) {
        PBEKeySpec specification = new PBEKeySpec(preparedPassword, salt, iterations, keyBytes * Byte.SIZE);
        try {
            return SecretKeyFactory.getInstance(derivation)
                    .generateSecret(specification)
                    .getEncoded();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("This JDK lacks " + derivation, missing);
        } finally {
            specification.clearPassword();
        }
    }

    static byte[] xor(byte[] one, byte[] other) {
        byte[] result = Arrays.copyOf(one, one.length);
        for (int i = 0; i < result.length; i++) {
            result[i] ^= other[i];
        }
        return result;
    }
}
