package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A node with the user ada, whose password is known, and what its clients say to it. */
final class LogIns {

    static final String PASSWORD = "correct horse";
    static final Bytes BINDING = Bytes.utf8("the hash of the node's certificate");
    static final Bytes SALT = Bytes.utf8("sixteen bytes...");
    static final Bytes DECOY_KEY = Bytes.utf8("a key of thirty-two random bytes");
    static final ScramServer SERVER = new ScramServer(DECOY_KEY, Entropy.system());

    private static final ScramVerifier ADA =
            ScramVerifier.of(ScramMechanism.SHA_256, PASSWORD.toCharArray(), SALT, ScramVerifier.MIN_ITERATIONS);
    private static final ScramVerifier BOB =
            ScramVerifier.of(ScramMechanism.SHA_512, PASSWORD.toCharArray(), SALT, ScramVerifier.MIN_ITERATIONS);

    private LogIns() {}

    static @Nullable ScramVerifier verifier(String user) {
        return switch (user) {
            case "ada" -> ADA;
            case "bob", "b=o,b", "\u00e9" -> BOB;
            default -> null;
        };
    }

    static ScramCredentials credentials(String user, String password) {
        return new ScramCredentials(user, password::toCharArray);
    }

    static ScramClient client(String user, String password) {
        return new ScramClient(credentials(user, password), Entropy.system());
    }

    static ScramServer.LogIn begin(Bytes clientFirst) {
        return SERVER.begin(clientFirst, LogIns::verifier, BINDING);
    }

    /** Returns the user that the node takes the client for. */
    static String logIn(String user, String password) throws IOException {
        ScramClient client = client(user, password);
        ScramServer.LogIn logIn = begin(client.first());
        ScramClient.Proof proof = client.answer(logIn.challenge(), BINDING);
        proof.verify(logIn.finish(proof.message()));
        return logIn.user();
    }

    static String text(Bytes message) {
        return new String(message.array(), StandardCharsets.UTF_8);
    }
}
