package dev.lockstep.cli;

import dev.lockstep.cluster.node.NodeMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a node in this process; its subcommands are about the nodes of a running cluster. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        versionProvider = CliMain.Version.class,
        description = "Runs one member of a Lockstep cluster, or operates those that run.",
        subcommands = {
            NodeOperations.ListNodes.class,
            NodeOperations.Add.class,
            NodeOperations.Remove.class,
            NodeOperations.Drain.class,
            NodeOperations.Undrain.class
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:ended by a signal",
            "1:it could not be started",
            "2:the command line or the configuration is wrong",
            "3:it stopped: its disk failed, another process has its id, it can't do the version of its cluster (the log says what to do),"
                    + " or it ran out of memory"
        })
final class NodeCommand implements Callable<Integer> {

    @Option(
            names = "--config",
            paramLabel = "<file>",
            description = "The configuration of the node to run, a YAML file with a node and its members.")
    private @Nullable Path config;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        if (config == null) {
            throw new ParameterException(
                    command.commandLine(),
                    "Say which node to run, with --config=<file>, or one of the commands list, add, remove, drain, undrain");
        }
        return NodeMain.run(
                config, command.commandLine().getOut(), command.commandLine().getErr());
    }
}
