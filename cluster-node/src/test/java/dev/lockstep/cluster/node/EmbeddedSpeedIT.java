package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The single node in memory is there at once. Printed is the time by the clock, which says little on a machine that others
 * use too; judged, with room for such a machine, is the processor time of the thread that starts it.
 */
class EmbeddedSpeedIT {

    private static final int JVMS = 5;

    private record Start(long wallMillis, long cpuMillis) {}

    @Test
    void aFreshJvmReadsItsFirstEntryAtOnce() throws Exception {
        List<Start> starts = new ArrayList<>();
        for (int i = 0; i < JVMS; i++) {
            starts.add(start());
        }
        long wall = median(starts.stream().map(Start::wallMillis).toList());
        long cpu = median(starts.stream().map(Start::cpuMillis).toList());
        System.out.println("Embedded node, from main() to the first entry read: median of " + JVMS + " JVMs " + wall
                + " ms by the clock, " + cpu + " ms of the thread's processor time; " + starts);
        assertThat(cpu).isLessThan(1_500);
    }

    private static long median(List<Long> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static Start start() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        NodeProcesses.currentClassPath(),
                        EmbeddedStart.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said).matches("true \\d+ \\d+");
        String[] words = said.split(" ");
        return new Start(Long.parseLong(words[1]), Long.parseLong(words[2]));
    }
}
