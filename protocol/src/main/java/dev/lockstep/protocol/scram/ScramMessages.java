package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The messages of a log-in as text (RFC 5802, section 7), bounded and with channel binding. Stateless. */
final class ScramMessages {

    /** The most bytes of a message. */
    static final int MAX_MESSAGE = 1024;

    /** Begins the first message of a client: that it binds the log-in to the certificate of the node, and acts for itself. */
    static final String HEADER = "p=" + ChannelBinding.NAME + ",,";

    private static final int NONCE_BYTES = 24;

    // All quantifiers are possessive: a stranger's message is looked at once, wherever it stops to fit.
    private static final String NONCE = "r=([!-+\\--~]{16,256}+)";
    static final String BASE64 = "([A-Za-z0-9+/]{1,512}+={0,2}+)";
    /** The extensions that later versions of a message may have: neither what must be understood (m) nor the proof (p). */
    private static final String EXTENSIONS = "(?:,[A-Za-ln-oq-z]=[^,]++)*+";

    private static final Pattern CLIENT_FIRST_BARE = Pattern.compile("n=([^,]++)," + NONCE + EXTENSIONS);
    private static final Pattern SERVER_FIRST =
            Pattern.compile(NONCE + ",s=" + BASE64 + ",i=([1-9][0-9]{0,8}+)" + EXTENSIONS);
    private static final Pattern CLIENT_FINAL =
            Pattern.compile("(c=" + BASE64 + "," + NONCE + EXTENSIONS + "),p=" + BASE64);
    private static final Pattern SERVER_FINAL = Pattern.compile("v=" + BASE64 + EXTENSIONS);

    private ScramMessages() {}

    record ClientFirst(String bare, String user, String nonce) {}

    record ServerFirst(String text, String nonce, Bytes salt, int iterations) {}

    record ClientFinal(String withoutProof, Bytes binding, String nonce, Bytes proof) {}

    static ClientFirst clientFirst(Bytes message) {
        String text = text(message);
        if (!text.startsWith(HEADER)) {
            throw new ScramException(
                    "The client does not bind the log-in to the node's certificate (" + ChannelBinding.NAME + ")");
        }
        String bare = text.substring(HEADER.length());
        Matcher parts = parse(CLIENT_FIRST_BARE, bare, "first message of the client");
        return new ClientFirst(bare, Prepared.user(unescaped(parts.group(1))), parts.group(2));
    }

    static ServerFirst serverFirst(Bytes message) {
        String text = text(message);
        Matcher parts = parse(SERVER_FIRST, text, "first message of the node");
        return new ServerFirst(text, parts.group(1), base64(parts.group(2)), Integer.parseInt(parts.group(3)));
    }

    static ClientFinal clientFinal(Bytes message) {
        Matcher parts = parse(CLIENT_FINAL, text(message), "final message of the client");
        return new ClientFinal(parts.group(1), base64(parts.group(2)), parts.group(3), base64(parts.group(4)));
    }

    static Bytes serverFinal(Bytes message) {
        return base64(
                parse(SERVER_FINAL, text(message), "final message of the node").group(1));
    }

    static String clientFirstBare(String user, String nonce) {
        return "n=" + user.replace("=", "=3D").replace(",", "=2C") + ",r=" + nonce;
    }

    static String serverFirst(String nonce, Bytes salt, int iterations) {
        return "r=" + nonce + ",s=" + base64(salt.array()) + ",i=" + iterations;
    }

    static String clientFinalWithoutProof(Bytes binding, String nonce) {
        return "c=" + base64(binding.array()) + ",r=" + nonce;
    }

    static Bytes clientFinal(String withoutProof, byte[] proof) {
        return Bytes.utf8(withoutProof + ",p=" + base64(proof));
    }

    static Bytes serverFinal(byte[] signature) {
        return Bytes.utf8("v=" + base64(signature));
    }

    /** Returns what both ends authenticate: everything said before the proof. */
    static byte[] exchange(String clientFirstBare, String serverFirst, String clientFinalWithoutProof) {
        return (clientFirstBare + "," + serverFirst + "," + clientFinalWithoutProof).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns what a client says in its final message about the connection: the header of its first, and the certificate's hash. */
    static Bytes binding(Bytes channelBinding) {
        byte[] header = HEADER.getBytes(StandardCharsets.US_ASCII);
        return Bytes.of(ByteBuffer.allocate(header.length + channelBinding.size())
                .put(header)
                .put(channelBinding.array())
                .array());
    }

    static String nonce(Entropy entropy) {
        return base64(ScramVerifier.random(entropy, NONCE_BYTES).array());
    }

    private static String text(Bytes message) {
        if (message.size() > MAX_MESSAGE) {
            throw new ScramException("A message of the log-in has more than " + MAX_MESSAGE + " bytes");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(message.array()))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw new ScramException("A message of the log-in is not in UTF-8");
        }
    }

    private static Matcher parse(Pattern pattern, String text, String name) {
        Matcher parts = pattern.matcher(text);
        if (!parts.matches()) {
            throw new ScramException("The " + name + " is malformed");
        }
        return parts;
    }

    private static String unescaped(String name) {
        String unescaped = name.replace("=2C", ",");
        if (unescaped.replace("=3D", "").indexOf('=') >= 0) {
            throw new ScramException("The name of the user has = that is neither =2C nor =3D");
        }
        return unescaped.replace("=3D", "=");
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    static Bytes base64(String text) {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            // The JDK ignores bits of the last character that belong to no byte; a message has one form.
            if (base64(bytes).equals(text)) {
                return Bytes.of(bytes);
            }
        } catch (IllegalArgumentException malformed) {
            // As below.
        }
        throw new ScramException("A part of a message of the log-in is not in Base64");
    }
}
