package dev.lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevCommandTest {

    @Test
    void aNodeHasTheClassDataArchiveOfThisProgramAndAHeapOfItsOwn() {
        List<String> command = DevCommand.command(
                List.of("-XX:AOTCache=c.aot", "-Xlog:disable", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-Dx=y"),
                "1g",
                "a.jar",
                Path.of("n1.yaml"));

        assertThat(command.subList(1, command.size()))
                .containsExactly(
                        "-XX:AOTCache=c.aot",
                        "-Xlog:disable",
                        "-Xmx1g",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        "a.jar",
                        "dev.lockstep.cli.CliMain",
                        "node",
                        "--config",
                        "n1.yaml");
    }
}
