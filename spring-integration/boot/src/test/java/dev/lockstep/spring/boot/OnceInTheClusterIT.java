package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.spring.boot.app.SyncedMain;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two applications, each a process with 32 threads, as clients of three node processes. */
@Timeout(300)
class OnceInTheClusterIT {

    private static final int THREADS = 32;
    private static final int KEYS = 50;

    @TempDir
    static Path home;

    private static NodeProcesses nodes;
    private static ApplicationProcess one;
    private static ApplicationProcess other;

    @BeforeAll
    static void start() throws Exception {
        nodes = NodeProcesses.start(home, 3, ApplicationProcess.classPathOfNodes());
        one = application("one");
        other = application("other");
        one.awaitLine("ready"::equals);
        other.awaitLine("ready"::equals);
    }

    private static ApplicationProcess application(String name) throws Exception {
        return ApplicationProcess.start(
                home.resolve(name + ".log"),
                SyncedMain.class.getName(),
                Integer.toString(THREADS),
                Integer.toString(KEYS),
                "--lockstep.servers=" + nodes.addresses(),
                "--lockstep.cluster=processes");
    }

    @AfterAll
    static void stop() {
        Stream.of(one, other).filter(process -> process != null).forEach(ApplicationProcess::close);
        nodes.close();
    }

    /** Asks both applications at the same time, and returns their answers. */
    private static List<String> ask(String method) {
        CompletableFuture<String> fromOne = CompletableFuture.supplyAsync(() -> one.ask(method, "runs="));
        CompletableFuture<String> fromOther = CompletableFuture.supplyAsync(() -> other.ask(method, "runs="));
        return List.of(fromOne.join(), fromOther.join());
    }

    private static int runs(List<String> answers) {
        return answers.stream()
                .mapToInt(answer -> Integer.parseInt(answer.replaceAll("^runs=(\\d+) .*", "$1")))
                .sum();
    }

    private static Set<String> values(List<String> answers) {
        return answers.stream()
                .map(answer -> answer.substring(answer.indexOf(" values=")))
                .collect(Collectors.toSet());
    }

    @Test
    void aSynchronizedMethodRunsOnceForEachKeyInTheWholeCluster() {
        List<String> answers = ask("synced");
        assertThat(answers).allMatch(answer -> answer.contains(" same=true "));
        assertThat(values(answers)).hasSize(1);
        assertThat(runs(answers)).isEqualTo(KEYS);
    }

    @Test
    void anAsynchronousMethodRunsOnceInTheClusterToo() {
        List<String> answers = ask("later");
        assertThat(answers).allMatch(answer -> answer.contains(" same=true "));
        assertThat(values(answers)).hasSize(1);
        assertThat(runs(answers)).isEqualTo(KEYS);
    }

    /** Shows that the others could fail: get and put do not keep two threads from loading the same key. */
    @Test
    void withoutSynchronizationItRunsMoreOften() {
        assertThat(runs(ask("plain"))).isGreaterThan(KEYS);
    }
}
