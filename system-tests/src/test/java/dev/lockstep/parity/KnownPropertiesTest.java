package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.spi.LockstepCachingProvider;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Properties that begin with {@code lockstep.}, of which one that does not exist would change nothing. */
class KnownPropertiesTest {

    @TempDir
    Path folder;

    private final LockstepCachingProvider provider = new LockstepCachingProvider();
    private final List<String> set = new ArrayList<>();

    @AfterEach
    void close() {
        set.forEach(System::clearProperty);
        provider.close();
    }

    private void system(String name, String value) {
        System.setProperty(name, value);
        set.add(name);
    }

    private void open(ClassLoader loader, String... namesAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        provider.getCacheManager(URI.create("lockstep:local"), loader, properties)
                .close();
    }

    @Test
    void anUnknownSystemPropertyIsRefusedNamingTheNearest() {
        system("lockstep.serialisation.allowed", "com.acme.*");
        assertThatThrownBy(() -> open(null))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("system property \"lockstep.serialisation.allowed\"")
                .hasMessageContaining("did you mean \"lockstep.serialization.allowed\"?")
                .hasMessageContaining("Known: lockstep.uri, lockstep.serialization.allowed");
        System.clearProperty("lockstep.serialisation.allowed");
        system("lockstep.uri", "lockstep:local");
        system("lockstep.serialization.allowed", "com.acme.*");
        system("lockstep-test.something", "");
        assertThatCode(() -> open(null)).doesNotThrowAnyException();
    }

    @Test
    void anUnknownPropertyOfAManagerIsRefusedNamingTheNearest() {
        assertThatThrownBy(() -> open(null, "lockstep.marshaler", "com.acme.Marshaller"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("property \"lockstep.marshaler\"; did you mean \"lockstep.marshaller\"?");
        assertThatThrownBy(() -> open(null, "lockstep.uri", "lockstep:local"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("lockstep.uri");
        assertThatCode(() -> open(null, "lockstep.serialization.allowed", "com.acme.*", "com.acme.lockstep", ""))
                .doesNotThrowAnyException();
    }

    @Test
    void theReferencePageListsTheKnownProperties() throws Exception {
        assertThatThrownBy(() -> open(null, "lockstep.x", ""))
                .hasMessageEndingWith("Known: " + String.join(", ", documented("a CacheManager")));
        system("lockstep.x", "");
        assertThatThrownBy(() -> open(null)).hasMessageEndingWith("Known: " + String.join(", ", documented("the JVM")));
    }

    /** Returns the properties of one kind in the order of the page. */
    private static List<String> documented(String kind) throws IOException {
        return Files.readAllLines(Path.of("../docs/reference/settings.md")).stream()
                .dropWhile(line -> !line.startsWith("| property |"))
                .map(line -> line.split(" *\\| *"))
                .filter(cells -> cells.length > 2 && cells[2].contains(kind))
                .map(cells -> cells[1].replace("`", ""))
                .toList();
    }

    @Test
    void propertiesOfAnotherModuleAreAcceptedInAnySpelling() throws Exception {
        Path list = Files.createDirectories(folder.resolve("META-INF/lockstep")).resolve("system-properties");
        Files.writeString(list, "lockstep.caches.*\nlockstep.on-error\n");
        system("lockstep.caches[session-*].time-to-live", "1h");
        system("lockstep.caches.prices.maxEntries", "10");
        system("lockstep.onError", "miss");
        assertThatThrownBy(() -> open(null)).isInstanceOf(CacheException.class);
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            assertThatCode(() -> open(loader)).doesNotThrowAnyException();
            system("lockstep.on-eror", "miss");
            assertThatThrownBy(() -> open(loader)).hasMessageContaining("did you mean \"lockstep.on-error\"?");
        }
    }
}
