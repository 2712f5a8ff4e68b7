package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeFact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskProbeTest {

    @TempDir
    Path folder;

    private final EventLoop loop = EventLoop.threaded("test");

    @AfterEach
    void close() {
        loop.close();
    }

    private Map<NodeFact, String> attempt(Path where) throws Exception {
        try (DiskProbe probe = new DiskProbe(where, folder, Time.system())) {
            return probe.attempt(loop).get(10, TimeUnit.SECONDS);
        }
    }

    private static long number(Map<NodeFact, String> facts, NodeFact fact) {
        return Long.parseLong(facts.get(fact));
    }

    @Test
    void aDiskTellsItsSpaceAndHowLongASyncTakesAndNothingIsLeftOnIt() throws Exception {
        Map<NodeFact, String> facts = attempt(folder);

        assertThat(number(facts, NodeFact.DISK_TOTAL_BYTES))
                .isGreaterThanOrEqualTo(number(facts, NodeFact.DISK_FREE_BYTES))
                .isPositive();
        assertThat(number(facts, NodeFact.DISK_SYNC_MICROS)).isPositive();
        assertThat(facts).doesNotContainKey(NodeFact.DISK_FAILURE);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderThatCantBeWrittenIsAFailure() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThat(attempt(file)).containsKey(NodeFact.DISK_FAILURE).doesNotContainKey(NodeFact.DISK_SYNC_MICROS);
    }

    @Test
    void aDiskThatHangsIsToldWithWhatHasPassed() throws Exception {
        Path pipe = folder.resolve("probe.tmp");
        hang(pipe);
        DiskProbe probe = new DiskProbe(folder, folder, Time.system());
        try {
            Map<NodeFact, String> facts = probe.attempt(loop).get(10, TimeUnit.SECONDS);

            assertThat(number(facts, NodeFact.DISK_SYNC_MICROS)).isGreaterThanOrEqualTo(1_000_000);
        } finally {
            // Whoever opens a pipe to write waits until someone reads it.
            Files.newInputStream(pipe).close();
            probe.close();
        }
    }

    private static void hang(Path pipe) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
    }
}
