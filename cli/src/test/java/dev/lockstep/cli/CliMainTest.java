package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CliMainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return CliMain.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void helpNamesTheCommandsAndExitsWithZero() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("dev", "node", "status", "backup", "restore", "cluster", "shard", "cache");
    }

    @Test
    void theVersionIsPrintedForTheProgramAndForTheNode() {
        assertThat(run("--version")).isZero();
        assertThat(run("node", "--version")).isZero();
        assertThat(out.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("Lockstep "));
    }

    @Test
    void helpOfTheNodeNamesItsOptionsAndExitsWithZero() {
        assertThat(run("node", "--help")).isZero();
        assertThat(out.toString()).contains("--config=<file>", "it could not be started");
    }

    @Test
    void aNodeWithoutItsConfigurationOrWithAnUnknownOptionIsRefused() {
        assertThat(run("node")).isEqualTo(2);
        assertThat(run("node", "--confg", "x")).isEqualTo(2);
        assertThat(err.toString()).contains("--config");
    }

    @Test
    void optionsThatAreNotGivenComeFromTheUsersFile(@TempDir Path home) throws Exception {
        Path defaults = home.resolve("cli.properties");
        String[] status = {"status"};
        var process = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(process, true, StandardCharsets.UTF_8));
        try {
            assertThat(CliMain.run(status, new PrintWriter(out), new PrintWriter(err), defaults))
                    .isEqualTo(2);
        } finally {
            System.setErr(before);
        }
        assertThat(process.toString(StandardCharsets.UTF_8))
                .as("of a file that is not there")
                .isEmpty();
        Files.writeString(defaults, "servers=127.0.0.1:1\ntls=" + home);
        assertThat(CliMain.run(status, new PrintWriter(out), new PrintWriter(err), defaults))
                .isEqualTo(1);
        assertThat(err.toString()).contains(home.resolve("ca.crt").getParent() + "/tls.crt can't be read");
    }

    @Test
    void aNodeWithAWrongConfigurationIsRefusedWithItsPlace(@TempDir Path home) throws Exception {
        Path file = Files.writeString(home.resolve("lockstep.yaml"), "cluster: c\nshard: 3\n");

        assertThat(run("node", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("lockstep.yaml:2:8: unknown key \"shard\"; did you mean \"shards\"");
    }
}
