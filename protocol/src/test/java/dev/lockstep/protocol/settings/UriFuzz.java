package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.fuzz.Allocation;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The URI of a CacheManager: it names servers and what may be said of a client, or is refused, naming it. */
public final class UriFuzz {

    private static final long FIXED_BYTES = 2 * 1024 * 1024;
    private static final int BYTES_A_BYTE = 8_192;
    private static final Settings DEFAULTS =
            SettingsReader.fromUri(URI.create("lockstep:local"), UriFuzz.class.getClassLoader());

    private UriFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        URI uri;
        try {
            uri = new URI(new String(input, StandardCharsets.UTF_8));
        } catch (URISyntaxException none) {
            return;
        }
        if (isFile(uri)) {
            return;
        }
        try {
            Settings settings = Allocation.atMost(
                    FIXED_BYTES + (long) BYTES_A_BYTE * input.length,
                    () -> SettingsReader.fromUri(uri, UriFuzz.class.getClassLoader()));
            judge(uri, settings);
        } catch (SettingsException refused) {
            boolean named = String.valueOf(refused.getMessage()).contains(uri.toString());
            if ("lockstep".equals(uri.getScheme())
                    && named == refused.getMessage().contains("has a password in it")) {
                throw new AssertionError("The URI is not named, or has a password and is", refused);
            }
        }
    }

    /** Excludes the contents of this machine's files, which are no part of the input. */
    private static boolean isFile(URI uri) {
        try {
            return "file".equals(uri.getScheme()) && Files.exists(Path.of(uri));
        } catch (IllegalArgumentException noPath) {
            return false;
        }
    }

    /** A URI can set only the servers, the cluster, the encryption, and how long to wait. */
    private static void judge(URI uri, Settings settings) {
        Settings client = new Settings(
                settings.cluster(),
                DEFAULTS.node(),
                DEFAULTS.nodes(),
                settings.client(),
                DEFAULTS.shards(),
                DEFAULTS.replicationFactor(),
                DEFAULTS.replaceAfter(),
                settings.tls(),
                DEFAULTS.insecure(),
                DEFAULTS.limits(),
                DEFAULTS.caches(),
                Map.of());
        if (!settings.withoutPlaces().equals(client)) {
            throw new AssertionError(uri + " was read as " + settings);
        }
        if (uri.toString().startsWith("lockstep://")
                && settings.client().servers().isEmpty()) {
            throw new AssertionError(uri + " was read as no client");
        }
    }
}
