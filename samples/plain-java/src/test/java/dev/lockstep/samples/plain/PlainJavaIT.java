package dev.lockstep.samples.plain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both programs print what they should, and the first is the README's. */
class PlainJavaIT {

    @TempDir
    Path home;

    @Test
    void countsOnANodeInThisJvm() {
        assertThat(outputOf(() -> First.main(new String[0]))).isEqualTo("42");
    }

    @Test
    void countsAsAClientOfThreeNodes() throws Exception {
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: 4"))) {
            String[] cluster = {nodes.uri().toString()};
            assertThat(outputOf(() -> FirstAsClient.main(cluster))).isEqualTo("42");
            assertThat(outputOf(() -> FirstAsClient.main(cluster)))
                    .as("the second run")
                    .isEqualTo("42");
        }
    }

    /** Only what the formatter decides may differ, and where the class is. */
    @Test
    void theReadmeShowsTheFirstProgram() throws Exception {
        String readme = Files.readString(Path.of("../../README.md"));
        String shown = readme.substring(readme.indexOf("```java") + "```java".length());
        shown = shown.substring(0, shown.indexOf("```"));
        String source = Files.readString(Path.of("src/main/java/dev/lockstep/samples/plain/First.java"));
        source = source.replace("package dev.lockstep.samples.plain;", "").replaceAll("/\\*\\*.*\\*/", "");
        assertThat(source.replaceAll("\\s", "")).isEqualTo(shown.replaceAll("\\s", ""));
    }

    private static String outputOf(Runnable program) {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8).strip();
    }
}
