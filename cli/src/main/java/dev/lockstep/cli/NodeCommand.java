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
            "3:it stopped, as its disk failed or another process is this node; the log says what to do"
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
