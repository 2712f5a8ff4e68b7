package dev.lockstep.cli;

import dev.lockstep.cluster.node.NodeMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a node in this process. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        versionProvider = CliMain.Version.class,
        description = "Runs one member of a Lockstep cluster.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:ended by a signal",
            "1:it could not be started",
            "2:the command line or the configuration is wrong",
            "3:it stopped: its disk failed, another process has its id (the log says what to do), or it ran out of memory"
        })
final class NodeCommand implements Callable<Integer> {

    @Option(
            names = "--config",
            required = true,
            paramLabel = "<file>",
            description = "The configuration, a YAML file with a node and its members.")
    private Path config = Path.of("lockstep.yaml");

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        return NodeMain.run(
                config, command.commandLine().getOut(), command.commandLine().getErr());
    }
}
