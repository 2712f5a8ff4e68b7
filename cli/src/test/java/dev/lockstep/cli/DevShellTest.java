package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The shell without a node: what becomes of lines. */
class DevShellTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final DevShell shell = new DevShell(
            new DevCluster(new DevFolder(Path.of("nowhere")), configuration -> List.of(), line -> {}),
            () -> LoopbackCluster.of("lockstep", List.of(7401)),
            new PrintWriter(out, true),
            new PrintWriter(err, true));

    private boolean endsWithoutLines(String input) throws Exception {
        return shell.run(new BufferedReader(new StringReader(input)), false);
    }

    @Test
    void aLineIsSplitIntoWords() {
        assertThat(DevShell.words("  node  add n4@127.0.0.1:7404 "))
                .containsExactly("node", "add", "n4@127.0.0.1:7404");
        assertThat(DevShell.words("cache alter \"my cache\" --time-to-live 'none'"))
                .containsExactly("cache", "alter", "my cache", "--time-to-live", "none");
        assertThat(DevShell.words(" ")).isEmpty();
    }

    @Test
    void aCommandMayBeGivenAsInAnotherTerminal() {
        assertThat(DevShell.words("lockstep node undrain n2")).containsExactly("node", "undrain", "n2");
        assertThat(DevShell.words("./lockstep status")).containsExactly("status");
    }

    @Test
    void theCommandsOfOperatorsAndOfTheShellAreListed() {
        assertThat(shell.run("help")).isZero();
        assertThat(out.toString())
                .contains("status", "node", "shard", "cache", "backup", "restore", "start", "kill", "restart", "exit");
    }

    @Test
    void theServersNeedNotBeGiven() {
        assertThat(shell.run("backup")).isEqualTo(2);
        assertThat(err.toString()).contains("<folder>").doesNotContain("--servers");
    }

    @Test
    void whatTheShellDoesNotKnowIsRefused() {
        assertThat(shell.run("node --config x.yaml")).isEqualTo(2);
        assertThat(shell.run("dev")).isEqualTo(2);
        assertThat(shell.run("kill n9")).isEqualTo(2);
        assertThat(shell.run("restart n9")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(4);
        assertThat(err.toString()).contains("--config", "dev", "There is no node n9");
    }

    @Test
    void itEndsWithTheInputAndWithExit() throws Exception {
        assertThat(endsWithoutLines("")).isTrue();
        assertThat(endsWithoutLines("\n")).isFalse();
        assertThat(endsWithoutLines("exit\nkill n9\n")).isFalse();
        assertThat(err.toString()).isEmpty();
    }
}
