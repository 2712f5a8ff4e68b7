package dev.lockstep.protocol.netty;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/** An authority and certificates of it for 127.0.0.1, made by the JDK's keytool in a folder. Not thread-safe. */
public final class Certificates {

    private static final String AUTHORITY = "authority";
    private static final String PASSWORD = "changeit";
    private static final int PATIENCE_SECONDS = 60;

    private final Path folder;

    public Certificates(Path folder) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        keytool(
                "-genkeypair",
                "-alias",
                AUTHORITY,
                "-dname",
                "CN=authority",
                "-ext",
                "bc:c",
                "-keyalg",
                "EC",
                store(AUTHORITY));
    }

    /** The key of {@code name} and its certificate, signed by the authority. */
    public KeyManagerFactory keys(String name) throws IOException, InterruptedException, GeneralSecurityException {
        keytool("-genkeypair", "-alias", name, "-dname", "CN=" + name, "-keyalg", "EC", store(name));
        keytool("-certreq", "-alias", name, "-file", file(name + ".csr"), store(name));
        keytool(
                "-gencert",
                "-alias",
                AUTHORITY,
                "-ext",
                "san=ip:127.0.0.1",
                "-infile",
                file(name + ".csr"),
                "-outfile",
                file(name + ".crt"),
                store(AUTHORITY));
        Key key = loaded(name).getKey(name, PASSWORD.toCharArray());
        KeyStore signed = empty();
        signed.setKeyEntry(name, key, PASSWORD.toCharArray(), new Certificate[] {certificate(name), authority()});
        return keys(signed);
    }

    /** The authority's own. */
    public KeyManagerFactory authoritysKeys() throws IOException, GeneralSecurityException {
        return keys(loaded(AUTHORITY));
    }

    /** Returns the keys of a peer that has none. */
    public static KeyManagerFactory noKeys() throws IOException, GeneralSecurityException {
        return keys(empty());
    }

    private static KeyManagerFactory keys(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        return keys;
    }

    /** Trusts what the authority has signed. */
    public TrustManagerFactory trust() throws IOException, GeneralSecurityException {
        KeyStore trusted = empty();
        trusted.setCertificateEntry(AUTHORITY, authority());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust;
    }

    private Certificate authority() throws IOException, GeneralSecurityException {
        return loaded(AUTHORITY).getCertificate(AUTHORITY);
    }

    private Certificate certificate(String name) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".crt"))) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        return empty;
    }

    private KeyStore loaded(String name) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    /** Returns the arguments after the last option. */
    private String store(String name) {
        return file(name + ".p12");
    }

    /** @param arguments the last is the key store */
    private void keytool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.remove(command.size() - 1);
        command.addAll(List.of("-keystore", arguments[arguments.length - 1], "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", PASSWORD));
        Path log = folder.resolve("keytool.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("keytool has not ended: " + command);
        }
        if (process.exitValue() != 0) {
            throw new IOException("keytool failed: " + command + "\n" + Files.readString(log));
        }
    }
}
