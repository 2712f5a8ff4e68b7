package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;

/** An authority, and certificates of it as files in folders of their own. Not thread-safe. */
public final class Certificates {

    public static final String PASSWORD = "changeit";
    private static final X500Principal AUTHORITY = new X500Principal("CN=authority");
    private static final Duration DAY = Duration.ofDays(1);

    private final Path folder;
    private final KeyPair keys = keys();
    private final X509Certificate authority;

    public Certificates(Path folder) throws IOException, GeneralSecurityException {
        this.folder = Files.createDirectories(folder);
        X509v3CertificateBuilder own = builder(AUTHORITY, keys, Instant.now().minus(DAY));
        own.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        this.authority = signed(own);
    }

    /** Makes a key and a certificate for 127.0.0.1, as files that are named as in Kubernetes' secrets. */
    public TlsSettings issue(String name) throws IOException, GeneralSecurityException {
        return issue(name, name, List.of("127.0.0.1"));
    }

    /**
     * Makes a key and a certificate.
     *
     * @param name of the folder
     * @param subject its common name
     * @param hosts names and addresses
     */
    public TlsSettings issue(String name, String subject, List<String> hosts)
            throws IOException, GeneralSecurityException {
        return issue(name, subject, hosts, Instant.now().minus(DAY));
    }

    /** @param from when its 30 days begin */
    public TlsSettings issue(String name, String subject, List<String> hosts, Instant from)
            throws IOException, GeneralSecurityException {
        KeyPair pair = keys();
        X509v3CertificateBuilder builder = builder(new X500Principal("CN=" + subject), pair, from);
        builder.addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(hosts.stream()
                        .map(host -> new GeneralName(
                                IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName, host))
                        .toArray(GeneralName[]::new)));
        X509Certificate issued = signed(builder);
        Path own = Files.createDirectories(folder.resolve(name));
        Files.writeString(
                own.resolve("tls.key"), pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Files.writeString(own.resolve("tls.crt"), pem("CERTIFICATE", issued.getEncoded()));
        Files.writeString(own.resolve("ca.crt"), pem("CERTIFICATE", authority.getEncoded()));
        KeyStore store = empty();
        store.setKeyEntry(name, pair.getPrivate(), PASSWORD.toCharArray(), new Certificate[] {issued});
        try (OutputStream out = Files.newOutputStream(own.resolve("tls.p12"))) {
            store.store(out, PASSWORD.toCharArray());
        }
        return TlsSettings.in(own);
    }

    /** The same for a peer that is in this JVM. */
    public Credentials credentials(String name) throws IOException, GeneralSecurityException {
        return Credentials.read(issue(name));
    }

    /** A peer that trusts the authority, and has no certificate itself. */
    public Credentials anonymous() throws IOException, GeneralSecurityException {
        KeyManagerFactory none = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        none.init(empty(), PASSWORD.toCharArray());
        KeyStore trusted = empty();
        trusted.setCertificateEntry("authority", authority);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return new Credentials(none.getKeyManagers()[0], trust.getTrustManagers()[0], "none");
    }

    private static KeyPair keys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    private static X509v3CertificateBuilder builder(X500Principal subject, KeyPair pair, Instant from) {
        return new JcaX509v3CertificateBuilder(
                AUTHORITY,
                BigInteger.valueOf(System.nanoTime()),
                Date.from(from),
                Date.from(from.plus(DAY.multipliedBy(30))),
                subject,
                pair.getPublic());
    }

    private X509Certificate signed(X509v3CertificateBuilder builder) throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        } catch (OperatorCreationException impossible) {
            throw new GeneralSecurityException(impossible);
        }
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + "-----\n";
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        return empty;
    }
}
