package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Start of the single node in memory in a fresh JVM. A time says little on a machine that others use too, so times are only
 * printed; the work is judged by the classes that the JVM loads for it, which is what most of the time goes into.
 */
class EmbeddedStartIT {

    private static final int JVMS = 5;

    /** A fifth above today's number; a framework that looks at classes brings a thousand. */
    private static final int MOST_CLASSES = 2_600;

    /**
     * @param wallMillis from main() to the first entry read
     * @param jvmMillis from the start of the process to its end, with the node closed in between
     */
    private record Start(long wallMillis, long cpuMillis, long jvmMillis, long sockets, List<String> threads) {}

    @TempDir
    Path folder;

    @Test
    void aFreshJvmReadsItsFirstEntry() throws Exception {
        List<Start> starts = new ArrayList<>();
        for (int i = 0; i < JVMS; i++) {
            starts.add(start());
        }
        System.out.println("Embedded node, from main() to the first entry read: median of " + JVMS + " JVMs "
                + median(starts.stream().map(Start::wallMillis).toList()) + " ms by the clock, "
                + median(starts.stream().map(Start::cpuMillis).toList())
                + " ms of the thread's processor time; the whole JVM "
                + median(starts.stream().map(Start::jvmMillis).toList()) + " ms; " + starts);
    }

    private static long median(List<Long> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** A member's class path has a transport on it, but alone in memory there is no other node to talk to. */
    @Test
    void anEmbeddedNodeOpensNoSocketAndLoadsFewClassesAndNoTransport() throws Exception {
        Path log = folder.resolve("classes");
        Start start = start("-Xlog:class+load:file=" + log);
        assertThat(start.sockets()).isZero();
        assertThat(start.threads()).noneMatch(name -> name.contains("lockstep-link") || name.contains("EventExecutor"));
        List<String> loaded = Files.readAllLines(log);
        System.out.println("Embedded node: " + loaded.size() + " classes loaded");
        assertThat(loaded)
                .hasSizeLessThan(MOST_CLASSES)
                .anyMatch(line -> line.contains("dev.lockstep.protocol.session.Session "))
                .noneMatch(line -> line.matches(".* (dev\\.lockstep\\.shaded\\.)?io\\.netty\\..*"));
    }

    /** The class path of these tests without Logback: an application chooses its own logging library. */
    private static String classPath() {
        return Stream.of(NodeProcesses.currentClassPath().split(File.pathSeparator))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static Start start(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), EmbeddedStart.class.getName()));
        long began = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        long jvmMillis = (System.nanoTime() - began) / 1_000_000;
        assertThat(said).matches("true \\d+ \\d+ \\d+ .*");
        String[] words = said.split(" ", 5);
        return new Start(
                Long.parseLong(words[1]),
                Long.parseLong(words[2]),
                jvmMillis,
                Long.parseLong(words[3]),
                List.of(words[4].split(",")));
    }
}
