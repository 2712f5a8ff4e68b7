package dev.lockstep.protocol.settings;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The encryption of all connections of a node or client.
 *
 * @param certificate the own certificate, followed by those that lead to its authority: PEM, or PKCS#12 ({@code .p12}, {@code .pfx}) with
 *     the key in it
 * @param key its private key, PEM; empty with PKCS#12
 * @param authorities the certificates of those whose signatures are trusted, PEM
 * @param password of the key or of the PKCS#12 file; empty if they are not encrypted
 * @param tls12 whether TLS 1.2 is accepted besides 1.3
 * @param nodes names of which the certificate of a node must have one, with {@code *} for a first label; if there are none, the
 *     host at which that node is a member
 * @param clientCertificates whether a node demands a certificate of each client, or else lets in who logs in
 * @param certificateOptional whether {@code certificate} may be missing, since this client logs in
 */
public record TlsSettings(
        Path certificate,
        Optional<Path> key,
        Path authorities,
        Optional<Secret> password,
        boolean tls12,
        List<String> nodes,
        boolean clientCertificates,
        boolean certificateOptional) {

    /** The names of the files in a folder, as Kubernetes' {@code kubernetes.io/tls} secrets have them. */
    public static final String CERTIFICATE_FILE = "tls.crt";

    public static final String KEY_FILE = "tls.key";
    public static final String AUTHORITIES_FILE = "ca.crt";

    /** The same for a client that logs in: it shows a certificate only if it has one. */
    public TlsSettings forLogIn() {
        return new TlsSettings(certificate, key, authorities, password, tls12, nodes, clientCertificates, true);
    }

    /** The encryption with the files of a folder that have the usual names. */
    public static TlsSettings in(Path folder) {
        return new TlsSettings(
                folder.resolve(CERTIFICATE_FILE),
                Optional.of(folder.resolve(KEY_FILE)),
                folder.resolve(AUTHORITIES_FILE),
                Optional.empty(),
                false,
                List.of(),
                true,
                false);
    }
}
