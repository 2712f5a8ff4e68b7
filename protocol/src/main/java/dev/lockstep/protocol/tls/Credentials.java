package dev.lockstep.protocol.tls;

import dev.lockstep.protocol.settings.TlsSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The private key and certificate of a node or client, and the certificate authorities that it trusts. Immutable.
 *
 * @param keys the own certificate and its private key
 * @param trust the authorities
 * @param description of the own certificate, for the log
 * @param expires when the first certificate of the own chain ends; null if there is none, or it is not known
 */
public record Credentials(
        KeyManager keys,
        TrustManager trust,
        String description,
        @Nullable Instant expires) {

    private static final byte[] SAMPLE = "a key fits its certificate".getBytes(StandardCharsets.US_ASCII);
    private static final char[] IN_MEMORY = {'-'};

    /** Creates some of which it is not known when they expire. */
    public Credentials(KeyManager keys, TrustManager trust, String description) {
        this(keys, trust, description, null);
    }

    /** A private key, and its certificate followed by those that lead to its authority. */
    private record Identity(PrivateKey key, X509Certificate[] chain) {

        Instant expires() {
            return Arrays.stream(chain)
                    .map(one -> one.getNotAfter().toInstant())
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    /**
     * Reads the files and checks them.
     *
     * @throws IOException when one can't be read or used, naming it and saying why
     */
    public static Credentials read(TlsSettings settings) throws IOException {
        Identity own = settings.certificateOptional() && !Files.exists(settings.certificate()) ? null : own(settings);
        try {
            KeyStore keys = empty();
            if (own != null) {
                keys.setKeyEntry("own", own.key(), IN_MEMORY, own.chain());
            }
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, IN_MEMORY);
            return new Credentials(
                    keyManagers.getKeyManagers()[0],
                    trust(settings.authorities()),
                    own == null ? "certificate of no one" : ExplainingTrustManager.described(own.chain()[0]),
                    own == null ? null : own.expires());
        } catch (GeneralSecurityException unusable) {
            throw new IOException("TLS can't be set up with " + settings.certificate() + ": " + unusable, unusable);
        }
    }

    private static Identity own(TlsSettings settings) throws IOException {
        char[] password =
                settings.password().isPresent() ? settings.password().get().read() : null;
        try {
            Path keyFile = settings.key().orElse(settings.certificate());
            Identity own = settings.key().isPresent()
                    ? fromPem(settings.certificate(), settings.key().get(), password)
                    : fromPkcs12(settings.certificate(), password);
            check(settings.certificate(), keyFile, own);
            return own;
        } finally {
            if (password != null) {
                Arrays.fill(password, ' ');
            }
        }
    }

    private static Identity fromPem(Path certificate, Path key, char @Nullable [] password) throws IOException {
        X509Certificate[] chain = certificates(certificate).toArray(X509Certificate[]::new);
        String pem = new String(bytes(key), StandardCharsets.ISO_8859_1);
        try {
            return new Identity(PrivateKeys.parse(pem, chain[0].getPublicKey().getAlgorithm(), password), chain);
        } catch (IOException unusable) {
            throw new IOException(key + ": " + unusable.getMessage(), unusable);
        }
    }

    private static Identity fromPkcs12(Path file, char @Nullable [] password) throws IOException {
        byte[] content = bytes(file);
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(content), password);
            for (String alias : Collections.list(store.aliases())) {
                Key key = store.getKey(alias, password);
                if (key instanceof PrivateKey own) {
                    Certificate[] chain = store.getCertificateChain(alias);
                    return new Identity(own, Arrays.copyOf(chain, chain.length, X509Certificate[].class));
                }
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException unreadable) {
            throw new IOException(
                    file + " is no PKCS#12 file, or the password is not its own: " + unreadable.getMessage()
                            + ". A certificate in PEM needs its \"key\" as well",
                    unreadable);
        }
        throw new IOException(file + " has no private key with a certificate in it");
    }

    private static void check(Path certificateFile, Path keyFile, Identity own) throws IOException {
        X509Certificate certificate = own.chain()[0];
        try {
            certificate.checkValidity();
        } catch (CertificateExpiredException expired) {
            throw new IOException(
                    certificateFile + ": the " + ExplainingTrustManager.described(certificate) + " has expired",
                    expired);
        } catch (CertificateNotYetValidException early) {
            throw new IOException(
                    certificateFile + ": the " + ExplainingTrustManager.described(certificate) + " is not valid yet",
                    early);
        }
        if (!fits(own.key(), certificate)) {
            throw new IOException("The key in " + keyFile + " is not the one of the "
                    + ExplainingTrustManager.described(certificate) + " in " + certificateFile);
        }
    }

    private static boolean fits(PrivateKey key, X509Certificate certificate) throws IOException {
        String algorithm = switch (key.getAlgorithm().toUpperCase(Locale.ROOT)) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(SAMPLE);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(SAMPLE);
            return signature.verify(signed);
        } catch (java.security.InvalidKeyException | java.security.SignatureException another) {
            return false;
        } catch (GeneralSecurityException unknown) {
            throw new IOException("Keys of the kind " + key.getAlgorithm() + " are not known here", unknown);
        }
    }

    private static TrustManager trust(Path file) throws IOException, GeneralSecurityException {
        KeyStore trusted = empty();
        List<X509Certificate> authorities = certificates(file);
        for (int i = 0; i < authorities.size(); i++) {
            trusted.setCertificateEntry("authority-" + i, authorities.get(i));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        return new ExplainingTrustManager((X509ExtendedTrustManager) managers.getTrustManagers()[0]);
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        try {
            List<X509Certificate> found =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(bytes(file)))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (found.isEmpty()) {
                throw new IOException(file + " has no certificate in it");
            }
            return found;
        } catch (CertificateException damaged) {
            throw new IOException(file + " has no certificate in PEM in it: " + damaged.getMessage(), damaged);
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new IOException(
                    file + " can't be read: "
                            + (unreadable instanceof NoSuchFileException ? "there is no such file" : unreadable),
                    unreadable);
        }
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        return empty;
    }
}
