package dev.lockstep.protocol.scram;

import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;

/**
 * Binds a log-in to the connection that it is made on: a hash of the certificate that the node shows ({@code tls-server-end-point},
 * RFC 5929). One who passes a log-in on to the node, having shown a certificate of his own, is found out. Stateless.
 */
public final class ChannelBinding {

    static final String NAME = "tls-server-end-point";

    private static final String DEFAULT = "SHA-256";

    private ChannelBinding() {}

    /** Returns the hash of a node's certificate, by the algorithm of its signature where that has a single one that is good. */
    public static Bytes of(X509Certificate certificate) throws GeneralSecurityException {
        return Bytes.of(MessageDigest.getInstance(hash(certificate)).digest(certificate.getEncoded()));
    }

    /** The RFC demands SHA-256 in the place of MD5 and SHA-1; for signatures without a hash of their own (Ed25519) it is our choice. */
    private static String hash(X509Certificate certificate) throws GeneralSecurityException {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (signature.equals("RSASSA-PSS")) {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            try {
                parameters.init(certificate.getSigAlgParams());
            } catch (IOException malformed) {
                throw new GeneralSecurityException("The certificate's signature has malformed parameters", malformed);
            }
            return strong(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
        }
        int end = signature.indexOf("WITH");
        return end < 0 ? DEFAULT : strong(signature.substring(0, end).replaceFirst("^SHA(?=\\d{3})", "SHA-"));
    }

    private static String strong(String hash) {
        return switch (hash) {
            case "SHA-224", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512" -> hash;
            default -> DEFAULT;
        };
    }
}
