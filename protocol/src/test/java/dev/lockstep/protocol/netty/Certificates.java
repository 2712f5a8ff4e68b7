package dev.lockstep.protocol.netty;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/** An authority and certificates of it for 127.0.0.1, made by the JDK's keytool in a folder. Not thread-safe. */
public final class Certificates {

    private static final String PASSWORD = "changeit";
    private static final int PATIENCE_SECONDS = 60;

    private final Path folder;

    public Certificates(Path folder) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        keytool("-genkeypair", "-alias", "ca", "-dname", "CN=authority", "-ext", "bc:c", "-keyalg", "EC", store("ca"));
        keytool("-exportcert", "-alias", "ca", "-file", file("ca.crt"), store("ca"));
        keytool("-importcert", "-alias", "ca", "-noprompt", "-file", file("ca.crt"), store("trusted"));
    }

    /** The key and certificate of {@code name}, signed by the authority. */
    public KeyManagerFactory keys(String name) throws IOException, InterruptedException, GeneralSecurityException {
        if (!Files.exists(folder.resolve(name + ".p12"))) {
            String host = "san=ip:127.0.0.1";
            keytool("-genkeypair", "-alias", name, "-dname", "CN=" + name, "-keyalg", "EC", store(name));
            keytool("-certreq", "-alias", name, "-file", file(name + ".csr"), store(name));
            keytool(
                    "-gencert",
                    "-alias",
                    "ca",
                    "-ext",
                    host,
                    "-infile",
                    file(name + ".csr"),
                    "-outfile",
                    file(name + ".crt"),
                    store("ca"));
            keytool("-importcert", "-alias", "ca", "-noprompt", "-file", file("ca.crt"), store(name));
            keytool("-importcert", "-alias", name, "-noprompt", "-file", file(name + ".crt"), store(name));
        }
        return keys(loaded(name));
    }

    /** Those of somebody who has none. */
    public static KeyManagerFactory noKeys() throws IOException, GeneralSecurityException {
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        return keys(empty);
    }

    private static KeyManagerFactory keys(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        return keys;
    }

    /** Trusts what the authority has signed. */
    public TrustManagerFactory trust() throws IOException, GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(loaded("trusted"));
        return trust;
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

    /** What follows the last option. */
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
