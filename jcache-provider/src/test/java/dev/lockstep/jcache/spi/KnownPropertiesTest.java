package dev.lockstep.jcache.spi;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.jcache.marshalling.Marshallers;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import javax.cache.CacheException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownPropertiesTest {

    @TempDir
    private Path classPath;

    private URLClassLoader loader;
    private final Properties properties = new Properties();
    private final Properties ofTheJvm = (Properties) System.getProperties().clone();

    /** Another module that reads two system properties, one of them with any ending. */
    @BeforeEach
    void addModule() throws IOException {
        Path list =
                Files.createDirectories(classPath.resolve("META-INF/lockstep")).resolve("system-properties");
        Files.writeString(list, "lockstep.reuse-manager\nlockstep.templates.*\n");
        loader = new URLClassLoader(new URL[] {classPath.toUri().toURL()}, null);
    }

    @AfterEach
    void restore() throws IOException {
        System.setProperties(ofTheJvm);
        loader.close();
    }

    private void check() {
        KnownProperties.check(properties, loader);
    }

    @Test
    void anUnknownPropertyIsRefusedNamingTheNearest() {
        properties.setProperty("lockstep.serialisation.allowed", "com.example.*");

        assertThatThrownBy(this::check)
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Unknown property \"lockstep.serialisation.allowed\"")
                .hasMessageContaining("did you mean \"" + Marshallers.ALLOWED + "\"");
    }

    @Test
    void theManagersOwnPropertiesAndThoseOfOthersPass() {
        properties.setProperty(Marshallers.ALLOWED, "com.example.*");
        properties.setProperty(Marshallers.MARSHALLER, "com.example.Marshaller");
        properties.setProperty("com.example.lockstep.x", "1");

        assertThatCode(this::check).doesNotThrowAnyException();
    }

    @Test
    void aSystemPropertyIsJudgedByAnotherListThanAProperty() {
        System.setProperty(LockstepCachingProvider.DEFAULT_URI_PROPERTY, "lockstep:here");
        assertThatCode(this::check).doesNotThrowAnyException();

        properties.setProperty(LockstepCachingProvider.DEFAULT_URI_PROPERTY, "lockstep:here");
        assertThatThrownBy(this::check).hasMessageContaining("Unknown property");
        properties.clear();
        System.setProperty(Marshallers.MARSHALLER, "com.example.Marshaller");
        assertThatThrownBy(this::check).hasMessageContaining("Unknown system property");
    }

    @Test
    void systemPropertiesThatOtherModulesListPassHoweverSpringBootSpellsThem() {
        System.setProperty("lockstep.reuseManager", "true");
        System.setProperty("lockstep.reuse-manager[0]", "true");
        System.setProperty("lockstep.TEMPLATES.prices.max-entries", "7");
        assertThatCode(this::check).doesNotThrowAnyException();

        System.setProperty("lockstep.reuse-manager.x", "true");
        assertThatThrownBy(this::check).hasMessageContaining("lockstep.reuse-manager.x");
    }
}
