package dev.lockstep.cli;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.settings.TlsSettings;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;

/** A certificate authority in a folder that signs certificates for the nodes and clients of one cluster. Not thread-safe. */
final class CertificateAuthority {

    static final String CERTIFICATE = TlsSettings.AUTHORITIES_FILE;
    static final String KEY = "ca.key";

    private static final Duration VALID = Duration.ofDays(3650);
    /** For clocks that are behind. */
    private static final Duration BACKDATED = Duration.ofMinutes(5);

    private static final String SIGNATURE = "SHA256withECDSA";

    private final X509Certificate certificate;
    private final PrivateKey key;

    private CertificateAuthority(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    static boolean existsIn(Path folder) {
        return Files.exists(folder.resolve(KEY));
    }

    /** Reads the authority that a folder has. */
    static CertificateAuthority open(Path folder) throws IOException {
        try (PEMParser pem = new PEMParser(Files.newBufferedReader(folder.resolve(KEY)));
                var in = Files.newInputStream(folder.resolve(CERTIFICATE))) {
            PrivateKey key = new JcaPEMKeyConverter().getPrivateKey(PrivateKeyInfo.getInstance(pem.readObject()));
            return new CertificateAuthority(
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in), key);
        } catch (GeneralSecurityException | IllegalArgumentException damaged) {
            throw new IOException("The authority in " + folder + " can't be read: " + damaged.getMessage(), damaged);
        }
    }

    /** Makes an authority, and writes it to a folder. */
    static CertificateAuthority create(Path folder, String name, Instant now) throws IOException {
        try {
            KeyPair pair = keys();
            X500Principal self = new X500Principal("CN=" + name);
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                            self, serial(), from(now), Date.from(now.plus(VALID)), self, pair.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            X509Certificate certificate = signed(builder, pair.getPrivate());
            Files.createDirectories(folder);
            write(folder.resolve(KEY), new JcaPKCS8Generator(pair.getPrivate(), null), true);
            write(folder.resolve(CERTIFICATE), certificate, false);
            return new CertificateAuthority(certificate, pair.getPrivate());
        } catch (GeneralSecurityException | OperatorCreationException impossible) {
            throw new IOException("No authority can be made with this Java: " + impossible, impossible);
        }
    }

    /**
     * Writes {@code tls.crt}, {@code tls.key} and {@code ca.crt} to a folder: the key first, then the certificate, so that a reader in
     * between finds that they do not belong together.
     *
     * @param hosts host names and addresses of a node; empty for a client
     */
    void issue(Path folder, String name, List<String> hosts, Instant now, Duration valid) throws IOException {
        try {
            KeyPair pair = keys();
            Instant until = now.plus(valid);
            Instant last = certificate.getNotAfter().toInstant();
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                            certificate.getSubjectX500Principal(),
                            serial(),
                            from(now),
                            Date.from(until.isAfter(last) ? last : until),
                            new X500Principal("CN=" + name),
                            pair.getPublic())
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(
                            Extension.extendedKeyUsage,
                            false,
                            new ExtendedKeyUsage(
                                    hosts.isEmpty()
                                            ? new KeyPurposeId[] {KeyPurposeId.id_kp_clientAuth}
                                            : new KeyPurposeId[] {
                                                KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                                            }))
                    .addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
            if (!hosts.isEmpty()) {
                GeneralName[] names = hosts.stream()
                        .map(host -> new GeneralName(
                                IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName, host))
                        .toArray(GeneralName[]::new);
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
            }
            X509Certificate issued = signed(builder, key);
            Files.createDirectories(folder);
            write(folder.resolve(CERTIFICATE), certificate, false);
            write(folder.resolve(TlsSettings.KEY_FILE), new JcaPKCS8Generator(pair.getPrivate(), null), true);
            write(folder.resolve(TlsSettings.CERTIFICATE_FILE), issued, false);
        } catch (GeneralSecurityException | OperatorCreationException impossible) {
            throw new IOException("No certificate can be made with this Java: " + impossible, impossible);
        }
    }

    private static KeyPair keys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /** Unique without a register of those before (RFC 5280, section 4.1.2.2). */
    private static BigInteger serial() {
        Entropy entropy = Entropy.system();
        byte[] bits = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(entropy.nextLong())
                .putLong(entropy.nextLong())
                .array();
        return new BigInteger(1, bits);
    }

    private static Date from(Instant now) {
        return Date.from(now.minus(BACKDATED));
    }

    private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException, OperatorCreationException {
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
    }

    /** Replaces a file by another in one step. */
    private static void write(Path file, Object object, boolean secret) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(object);
        }
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        if (secret && Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")) {
            Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Files.write(next, text.toString().getBytes(StandardCharsets.US_ASCII));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
