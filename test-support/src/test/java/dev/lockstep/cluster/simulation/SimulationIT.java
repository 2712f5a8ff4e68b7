package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The short form of the simulation: many schedules, and those that were ever of interest. */
class SimulationIT {

    private static final int SCHEDULES = 4_000;
    private static final int RUN_AGAIN = 200;

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void schedulesKeepThePromises() throws InterruptedException {
        long began = System.nanoTime();
        Schedules schedules = new Schedules();
        schedules.run(0, SCHEDULES, Runtime.getRuntime().availableProcessors(), result -> {});
        System.out.printf(
                "Simulated %,d schedules with %,d operations and %,d events in %,d s%n",
                schedules.done(),
                schedules.calls(),
                schedules.events(),
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began));
        assertThat(schedules.failures())
                .map(failed -> "seed " + failed.seed() + ": " + failed.failures())
                .isEmpty();
        assertThat(schedules.done()).isEqualTo(SCHEDULES);
    }

    @Test
    void seedsThatOnceWentWrongGoWell() throws IOException {
        List<Long> corpus = corpus();
        assertThat(corpus).isNotEmpty();
        for (long seed : corpus) {
            assertThat(Schedules.run(seed).failures()).as("seed %d", seed).isEmpty();
        }
    }

    private static List<Long> corpus() throws IOException {
        try (var in = SimulationIT.class.getResourceAsStream("/simulation/seeds.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceAll("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .map(Long::valueOf)
                    .toList();
        }
    }

    @Test
    void aSeedIsTheSameRunInEveryJvm() throws Exception {
        List<String> hashes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            hashes.add(lastLineOf("--seed", "42"));
        }
        assertThat(hashes.get(0)).matches("hash=[0-9a-f]{16}").isEqualTo(hashes.get(1));
        assertThat(lastLineOf("--seed", "43")).matches("hash=[0-9a-f]{16}").isNotEqualTo(hashes.get(0));
    }

    /** Identity hash codes differ from one run to the next; what is told to many must not follow their order. */
    @Test
    void schedulesAreTheSameWhenRunAgain() {
        for (long seed = 0; seed < RUN_AGAIN; seed++) {
            assertThat(Schedules.run(seed).hash())
                    .as("seed %d", seed)
                    .isEqualTo(Schedules.run(seed).hash());
        }
    }

    private static String lastLineOf(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                NodeProcesses.currentClassPath(),
                SimulateMain.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return said.lines().reduce((before, last) -> last).orElse("");
    }
}
