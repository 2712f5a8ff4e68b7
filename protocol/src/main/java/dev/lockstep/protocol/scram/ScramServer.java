package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Log-ins from the side of a node. A user that does not exist is challenged as one that does, by a verifier that follows from the name and
 * that no password fits; it has the mechanism and the iterations of new passwords. Thread-safe.
 */
public final class ScramServer {

    private final Bytes decoyKey;
    private final Entropy entropy;

    /**
     * @param decoyKey secret, see {@link ScramVerifier#newDecoyKey}; the same on all nodes of a cluster and for as long as it exists, or
     *     the salt of a user that does not exist would differ from one to the next and show it
     */
    public ScramServer(Bytes decoyKey, Entropy entropy) {
        this.decoyKey = decoyKey;
        this.entropy = entropy;
    }

    /**
     * Begins a log-in.
     *
     * @param verifiers by the name of the user
     * @param channelBinding of the connection, see {@link ChannelBinding}
     * @throws ScramException when it isn't the first message of a log-in that is bound to the connection
     */
    public LogIn begin(Bytes clientFirst, Function<String, @Nullable ScramVerifier> verifiers, Bytes channelBinding) {
        ScramMessages.ClientFirst first = ScramMessages.clientFirst(clientFirst);
        // Made for everyone, since the time it takes would tell who exists.
        ScramVerifier decoy = decoy(first.user());
        ScramVerifier known = verifiers.apply(first.user());
        ScramVerifier verifier = known == null ? decoy : known;
        String nonce = first.nonce() + ScramMessages.nonce(entropy);
        String serverFirst = ScramMessages.serverFirst(nonce, verifier.salt(), verifier.iterations());
        return new LogIn(first, serverFirst, nonce, verifier, known != null, ScramMessages.binding(channelBinding));
    }

    private ScramVerifier decoy(String user) {
        return new ScramVerifier(
                ScramVerifier.DEFAULT_MECHANISM,
                Bytes.of(Arrays.copyOf(decoy("salt", user), ScramVerifier.MIN_SALT)),
                ScramVerifier.DEFAULT_ITERATIONS,
                Bytes.of(decoy("stored key", user)),
                Bytes.of(decoy("server key", user)));
    }

    private byte[] decoy(String purpose, String user) {
        return ScramVerifier.DEFAULT_MECHANISM.hmac(
                decoyKey.array(), Bytes.utf8(purpose + ":" + user).array());
    }

    /** A log-in that has been challenged. Immutable; good for one answer on the connection that it is bound to. */
    public static final class LogIn {

        private final ScramMessages.ClientFirst first;
        private final String serverFirst;
        private final String nonce;
        private final ScramVerifier verifier;
        private final boolean known;
        private final Bytes binding;

        private LogIn(
                ScramMessages.ClientFirst first,
                String serverFirst,
                String nonce,
                ScramVerifier verifier,
                boolean known,
                Bytes binding) {
            this.first = first;
            this.serverFirst = serverFirst;
            this.nonce = nonce;
            this.verifier = verifier;
            this.known = known;
            this.binding = binding;
        }

        /** The user as whom the client wants to log in, prepared. */
        public String user() {
            return first.user();
        }

        public ScramChallenge challenge() {
            return new ScramChallenge(verifier.mechanism(), Bytes.utf8(serverFirst));
        }

        /**
         * Returns the message that proves to the user that the node knows the verifier.
         *
         * @throws ScramException when the user is not known, or whoever it is does not know the password, or the message is not an
         *     answer to the challenge
         */
        public Bytes finish(Bytes clientFinal) {
            ScramMessages.ClientFinal last = ScramMessages.clientFinal(clientFinal);
            if (!last.nonce().equals(nonce)) {
                throw new ScramException("The client's answer is to another challenge");
            }
            if (!MessageDigest.isEqual(last.binding().array(), binding.array())) {
                throw new ScramException(
                        "The client has logged in on a connection on which it was shown another certificate"
                                + " than this node's: something in between ends TLS");
            }
            byte[] exchange = ScramMessages.exchange(first.bare(), serverFirst, last.withoutProof());
            boolean accepted = verifier.accepts(last.proof().array(), exchange);
            if (!known) {
                throw new ScramException("There is no such user");
            }
            if (!accepted) {
                throw new ScramException("The password is wrong");
            }
            return ScramMessages.serverFinal(verifier.signature(exchange));
        }
    }
}
