package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The keys that a password comes to with a salt and a number of iterations. Immutable. */
record ScramKeys(ScramMechanism mechanism, Bytes clientKey, Bytes storedKey, Bytes serverKey) {

    private static final byte[] CLIENT_KEY = "Client Key".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SERVER_KEY = "Server Key".getBytes(StandardCharsets.US_ASCII);

    /** Derives them, which takes tens to hundreds of milliseconds. */
    static ScramKeys derive(ScramMechanism mechanism, char[] password, Bytes salt, int iterations) {
        ScramVerifier.checkBounds(salt.size(), iterations);
        char[] prepared = Prepared.password(password);
        byte[] salted;
        try {
            salted = mechanism.derive(prepared, salt.array(), iterations);
        } finally {
            Prepared.clear(prepared);
        }
        try {
            byte[] clientKey = mechanism.hmac(salted, CLIENT_KEY);
            return new ScramKeys(
                    mechanism,
                    Bytes.of(clientKey),
                    Bytes.of(mechanism.digest(clientKey)),
                    Bytes.of(mechanism.hmac(salted, SERVER_KEY)));
        } finally {
            Arrays.fill(salted, (byte) 0);
        }
    }

    byte[] proof(byte[] exchange) {
        return ScramMechanism.xor(clientKey.array(), mechanism.hmac(storedKey.array(), exchange));
    }

    byte[] signature(byte[] exchange) {
        return mechanism.hmac(serverKey.array(), exchange);
    }
}
