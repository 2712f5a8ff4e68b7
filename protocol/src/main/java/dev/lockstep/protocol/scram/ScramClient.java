package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.security.MessageDigest;

/** A log-in from the side of a user: its first message, and what answers a challenge. Immutable. */
public final class ScramClient {

    private final ScramCredentials credentials;
    private final String nonce;
    private final String bare;

    public ScramClient(ScramCredentials credentials, Entropy entropy) {
        this.credentials = credentials;
        this.nonce = ScramMessages.nonce(entropy);
        this.bare = ScramMessages.clientFirstBare(credentials.user(), nonce);
    }

    /** The first message. */
    public Bytes first() {
        return Bytes.utf8(ScramMessages.HEADER + bare);
    }

    /**
     * Answers a challenge. Unless the keys are known from before, that takes up to a second, so it is nothing for the loop of a
     * connection.
     *
     * @param channelBinding of the connection, see {@link ChannelBinding}
     * @throws IOException when the password can't be read
     * @throws ScramException when the challenge asks for what a user should not do, or the password can't be used
     */
    public Proof answer(ScramChallenge challenge, Bytes channelBinding) throws IOException {
        ScramMessages.ServerFirst first = ScramMessages.serverFirst(challenge.message());
        if (!first.nonce().startsWith(nonce) || first.nonce().length() == nonce.length()) {
            throw new ScramException("The node's challenge does not continue the client's nonce");
        }
        ScramKeys keys = credentials.keys(challenge.mechanism(), first.salt(), first.iterations());
        String withoutProof =
                ScramMessages.clientFinalWithoutProof(ScramMessages.binding(channelBinding), first.nonce());
        byte[] exchange = ScramMessages.exchange(bare, first.text(), withoutProof);
        return new Proof(
                ScramMessages.clientFinal(withoutProof, keys.proof(exchange)), Bytes.of(keys.signature(exchange)));
    }

    /**
     * The answer to a challenge.
     *
     * @param message the final message
     * @param expected the signature of a node that has the verifier of the password
     */
    public record Proof(Bytes message, Bytes expected) {

        /** @throws ScramException when it isn't signed by a node that has the verifier of the password */
        public void verify(Bytes serverFinal) {
            if (!MessageDigest.isEqual(ScramMessages.serverFinal(serverFinal).array(), expected.array())) {
                throw new ScramException("The node does not know the password either: it is none of the cluster's");
            }
        }
    }
}
