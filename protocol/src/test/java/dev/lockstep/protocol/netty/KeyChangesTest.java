package dev.lockstep.protocol.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How often keys are changed is a setting of the JVM, so it is another one. */
@Tag("slow")
class KeyChangesTest {

    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void recordsKeepTheirOrderWhileTheEventLoopChangesTheKeys() throws Exception {
        Path security = Files.writeString(
                folder.resolve("java.security"), "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^14\n");
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-Djava.security.properties=" + security,
                        "-cp",
                        System.getProperty("java.class.path"),
                        KeyChanges.class.getName(),
                        folder.resolve("certificates").toString())
                .redirectErrorStream(true)
                .start();
        try {
            assertThat(new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines())
                    .last()
                    .isEqualTo("answers=500000 wrong=0");
        } finally {
            other.destroyForcibly();
        }
    }
}
