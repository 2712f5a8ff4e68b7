package dev.lockstep.cluster.consensus.ratis.graft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.log.DirectRaftLog;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loads the graft with a Ratis of its own, of which the version or one private part has another name. */
class RatisGraftTest {

    private static final String VERSION_FILE = "ratis-version.properties";

    /** The class path of this test once more, with one name in one of Ratis' files replaced. */
    private static final class ChangedRatis extends URLClassLoader {

        private final String file;
        private final String name;
        private final String replacement;

        /** @param replacement of the same length as {@code name} */
        ChangedRatis(String file, String name, String replacement) throws MalformedURLException {
            super(classPath(), ClassLoader.getPlatformClassLoader());
            this.file = file;
            this.name = name;
            this.replacement = replacement;
        }

        private static URL[] classPath() throws MalformedURLException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        protected Class<?> findClass(String className) throws ClassNotFoundException {
            String classFile = className.replace('.', '/') + ".class";
            if (!classFile.equals(file)) {
                return super.findClass(className);
            }
            try (InputStream original = Objects.requireNonNull(super.getResourceAsStream(classFile), classFile)) {
                byte[] changed = replace(original.readAllBytes(), constant(name), constant(replacement));
                return defineClass(className, changed, 0, changed.length);
            } catch (IOException unreadable) {
                throw new ClassNotFoundException(className, unreadable);
            }
        }

        @Override
        public @Nullable InputStream getResourceAsStream(String resource) {
            InputStream original = super.getResourceAsStream(resource);
            if (original == null || !resource.equals(VERSION_FILE) || !resource.equals(file)) {
                return original;
            }
            try (original) {
                return new ByteArrayInputStream(replace(original.readAllBytes(), name, replacement));
            } catch (IOException unreadable) {
                throw new IllegalStateException(unreadable);
            }
        }

        /** A name as a class file has it. */
        private static String constant(String name) {
            return "\u0001\u0000" + (char) name.length() + name;
        }

        private static byte[] replace(byte[] content, String from, String to) {
            String text = new String(content, StandardCharsets.ISO_8859_1);
            assertThat(text).contains(from);
            return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    private static void prepare(ChangedRatis loader) throws Throwable {
        try {
            loader.loadClass(RatisGraft.class.getName())
                    .getMethod("of", loader.loadClass(DirectRaftLog.Context.class.getName()))
                    .invoke(null, (Object) null);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    @Test
    void theRatisOnTheClassPathIsTheOneThatTheGraftIsMadeFor() throws Exception {
        try (ChangedRatis unchanged = new ChangedRatis(VERSION_FILE, "version=", "version=")) {
            assertThatCode(() -> prepare(unchanged)).doesNotThrowAnyException();
        }
    }

    @Test
    void anotherVersionOfRatisIsRefused() throws Exception {
        try (ChangedRatis newer = new ChangedRatis(VERSION_FILE, "version=3.3.0", "version=3.3.1")) {
            assertThatThrownBy(() -> prepare(newer))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Apache Ratis 3.3.0, but 3.3.1 is on the class path")
                    .hasMessageContaining("node.raft-log: ratis");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "org/apache/ratis/server/impl/RaftServerImpl.class, state",
        "org/apache/ratis/server/impl/RaftServerImpl.class, serverExecutor",
        "org/apache/ratis/server/impl/RaftServerImpl.class, notifyTruncatedLogEntry",
        "org/apache/ratis/server/impl/RaftServerImpl.class, submitUpdateCommitEvent",
        "org/apache/ratis/server/impl/ServerState.class, log",
        "org/apache/ratis/server/impl/ServerState.class, setRaftConf",
        "org/apache/ratis/server/impl/ServerState.class, stateMachineUpdater",
        "org/apache/ratis/server/impl/LeaderStateImpl.class, updateCommit",
        "org/apache/ratis/util/MemoizedBase.class, value",
    })
    void aRatisWithoutAPartThatTheGraftUsesIsRefused(String file, String part) throws Exception {
        String other = "x".repeat(part.length());
        try (ChangedRatis changed = new ChangedRatis(file, part, other)) {
            assertThatThrownBy(() -> prepare(changed))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("works with Apache Ratis 3.3.0")
                    .hasMessageContaining(part)
                    .hasCauseInstanceOf(ReflectiveOperationException.class);
        }
    }
}
