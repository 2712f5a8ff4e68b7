package dev.lockstep.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** The shell of {@code dev}: the commands of operators for the cluster that it runs, and some for the processes of the nodes. */
@Command(
        name = "",
        customSynopsis = "COMMAND",
        description =
                "Operates the cluster that this program runs; \"help kill\" and \"node add --help\" say more of a command.",
        subcommands = {
            StatusCommand.class,
            DoctorCommand.class,
            TopCommand.class,
            ProfileCommand.class,
            SupportBundleCommand.class,
            LogCommand.class,
            DevShell.Nodes.class,
            ClusterCommand.class,
            ShardCommand.class,
            CacheCommand.class,
            EntryCommands.Get.class,
            EntryCommands.Put.class,
            EntryCommands.Remove.class,
            EntryCommands.Keys.class,
            BackupCommand.class,
            RestoreCommand.class,
            CommandLine.HelpCommand.class
        })
final class DevShell {

    private static final String PROMPT = "lockstep> ";

    /** Quoted, or without a space. */
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    /** A word before a command in what nodes and pages say, such as "lockstep node add". */
    private static final Set<String> PROGRAM = Set.of("lockstep", "./lockstep", "bin/lockstep");

    private final DevCluster cluster;
    private final Supplier<LoopbackCluster> servers;
    private final PrintWriter out;
    private final PrintWriter err;
    private boolean over;

    /** The commands of operators about nodes; a node itself is run by {@code start}. */
    @Command(
            name = "node",
            mixinStandardHelpOptions = true,
            description = "Operates the nodes of the cluster.",
            subcommands = {
                NodeOperations.ListNodes.class,
                NodeOperations.Add.class,
                NodeOperations.Remove.class,
                NodeOperations.Drain.class,
                NodeOperations.Undrain.class
            })
    static final class Nodes {}

    /** @param servers asked for the cluster before each command */
    DevShell(DevCluster cluster, Supplier<LoopbackCluster> servers, PrintWriter out, PrintWriter err) {
        this.cluster = cluster;
        this.servers = servers;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs the commands of each line.
     *
     * @param prompts whether someone types them
     * @return whether it has ended because there were no lines
     */
    boolean run(BufferedReader in, boolean prompts) throws IOException {
        int lines = 0;
        while (!over) {
            if (prompts) {
                out.print(PROMPT);
                out.flush();
            }
            String line = in.readLine();
            if (line == null) {
                return lines == 0;
            }
            lines++;
            run(line);
        }
        return false;
    }

    /** @return the exit code of the command */
    int run(String line) {
        List<String> words = words(line);
        return words.isEmpty() ? 0 : commandLine().execute(words.toArray(String[]::new));
    }

    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3));
        }
        if (!words.isEmpty() && PROGRAM.contains(words.get(0))) {
            words.remove(0);
        }
        return words;
    }

    private CommandLine commandLine() {
        return new CommandLine(this)
                .setOut(out)
                .setErr(err)
                .setDefaultValueProvider(new ThisCluster(servers.get()))
                .setParameterExceptionHandler((wrong, arguments) -> {
                    err.println(wrong.getMessage() + "; \"help\" lists the commands");
                    return 2;
                })
                .setExecutionExceptionHandler((failure, command, arguments) -> {
                    err.println(failure.getMessage());
                    return failure instanceof RefusedException ? 2 : 1;
                });
    }

    /** Has the commands of operators talk to one cluster, unless they name another, and end by themselves. */
    private record ThisCluster(LoopbackCluster cluster) implements IDefaultValueProvider {

        @Override
        public @Nullable String defaultValue(ArgSpec argument) {
            if (!(argument instanceof OptionSpec option)) {
                return null;
            }
            return switch (option.longestName()) {
                case "--servers" -> cluster.servers();
                case "--cluster" -> cluster.name();
                case "--count" -> "1";
                default -> null;
            };
        }
    }

    @Command(name = "nodes", description = "Prints the processes of the nodes, and their logs.")
    int nodes() {
        out.println(cluster.rows());
        return 0;
    }

    @Command(name = "start", description = "Starts one more node, which waits for \"node add\".")
    int start() throws IOException, InterruptedException {
        return started(cluster.startNext());
    }

    @Command(name = "restart", description = "Starts a node again; ends it first if it runs.")
    int restart(@Parameters(paramLabel = "<node>", description = "The id of the node.") String node)
            throws IOException, InterruptedException {
        return started(cluster.restart(node));
    }

    private int started(DevNode node) throws InterruptedException {
        out.println("  " + node.row());
        return cluster.awaitStarted(List.of(node)) ? 0 : 1;
    }

    @Command(name = "kill", description = "Kills a node, with SIGKILL.")
    int kill(@Parameters(paramLabel = "<node>", description = "The id of the node.") String node)
            throws InterruptedException {
        out.println("Node " + node + " (pid " + cluster.kill(node) + ") is killed; \"restart " + node
                + "\" starts it again");
        return 0;
    }

    @Command(name = "exit", aliases = "quit", description = "Ends all nodes, and this program.")
    int exit() {
        over = true;
        return 0;
    }
}
