package dev.lockstep.cli;

import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.topology.Member;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a cluster for development: nodes on loopback, each a process, and a shell. */
@Command(
        name = "dev",
        mixinStandardHelpOptions = true,
        versionProvider = CliMain.Version.class,
        description = {
            "Runs a cluster on this machine for development: three nodes, each a process, and a shell that operates it.",
            "The nodes end with this program: by \"exit\", the end of the input, SIGINT or SIGTERM."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:ended by the shell",
            "1:the nodes could not be started",
            "2:the command line or a configuration is wrong, or a port is in use"
        })
final class DevCommand implements Callable<Integer> {

    /** Options of this JVM that nodes have too: those of the class-data archive of an installed program. */
    private static final Pattern INHERITED =
            Pattern.compile("-Xshare:.*|-XX:SharedArchiveFile=.*|-XX:AOTCache=.*|-Xlog:.*");

    @Parameters(
            paramLabel = "<folder>",
            arity = "0..1",
            description = {
                "Where the nodes' configurations, logs and data are kept; a cluster that is there goes on.",
                "Without it a temporary folder, which is deleted at the end."
            })
    private @Nullable Path given;

    @Option(
            names = "--nodes",
            paramLabel = "<n>",
            defaultValue = "3",
            description = "How many nodes a new cluster has; ${DEFAULT-VALUE} by default.")
    private int nodes;

    @Option(
            names = "--port",
            paramLabel = "<port>",
            defaultValue = "7401",
            description =
                    "The port of the first node of a new cluster, before those of the others; ${DEFAULT-VALUE} by default.")
    private int port;

    @Option(
            names = "--heap",
            paramLabel = "<size>",
            defaultValue = "256m",
            description = "Largest heap of each node, such as 1g; ${DEFAULT-VALUE} by default.")
    private String heap = "";

    @Option(names = "--no-shell", description = "Read no commands, and run until a signal.")
    private boolean noShell;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = command.commandLine().getErr();
        try {
            return run(err);
        } catch (RefusedException | SettingsException refused) {
            err.println(refused.getMessage());
            return 2;
        } catch (IOException | UncheckedIOException failure) {
            err.println("dev failed: " + failure.getMessage());
            return 1;
        }
    }

    private int run(PrintWriter err) throws IOException, InterruptedException {
        PrintWriter out = command.commandLine().getOut();
        DevFolder folder = new DevFolder(
                (given == null ? Files.createTempDirectory("lockstep-dev") : Files.createDirectories(given))
                        .toAbsolutePath()
                        .normalize());
        DevCluster cluster = new DevCluster(folder, this::node, out::println);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(cluster, folder, err)));
        try {
            LoopbackCluster members = members(folder);
            out.println("Starting "
                    + members.members().stream().map(Member::toString).collect(Collectors.joining(", "))
                    + "; their files are in " + folder.path());
            if (!cluster.awaitStarted(cluster.start(members.members()))) {
                return 1;
            }
            out.println(greeting(cluster, members));
            serve(new DevShell(cluster, () -> members(folder), out, err), out);
            return 0;
        } finally {
            end(cluster, folder, err);
        }
    }

    private LoopbackCluster members(DevFolder folder) {
        try {
            Optional<LoopbackCluster> started = folder.started();
            return started.isPresent() ? started.get() : folder.create(nodes, port);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Ends all nodes. Both the end of the shell and that of the JVM do that; the second time nothing is left to do. */
    private synchronized void end(DevCluster cluster, DevFolder folder, PrintWriter err) {
        try {
            cluster.close();
            if (given == null) {
                folder.delete();
            }
        } catch (IOException failure) {
            err.println("Could not delete " + folder.path() + ": " + failure.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String greeting(DevCluster cluster, LoopbackCluster members) {
        return String.join(
                "\n",
                "",
                "Cluster " + members.name() + " is ready:",
                cluster.rows(),
                "",
                "In another terminal:    lockstep status --servers " + members.servers(),
                "In an application:      getCacheManager(URI.create(\"" + members.uri() + "\"), loader)",
                "With Spring Boot:       lockstep.servers=" + members.servers(),
                "");
    }

    private void serve(DevShell shell, PrintWriter out) throws IOException, InterruptedException {
        boolean terminal = isTerminal();
        if (!noShell) {
            out.println("\"help\" lists the commands, \"exit\" ends all nodes.");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
            if (!shell.run(in, terminal) || terminal) {
                return;
            }
        }
        out.println("Runs until SIGINT or SIGTERM");
        new CountDownLatch(1).await();
    }

    /** Tells whether someone types the input; from JDK 22 on there may be a console where nobody does. */
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }

    private List<String> node(Path configuration) {
        return command(
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                heap,
                System.getProperty("java.class.path"),
                configuration);
    }

    /** Returns the command that runs a node on this JVM, given the options that this process has. */
    static List<String> command(List<String> options, String heap, String classPath, Path configuration) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        options.stream().filter(option -> INHERITED.matcher(option).matches()).forEach(command::add);
        command.addAll(List.of("-Xmx" + heap, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-cp", classPath));
        command.addAll(List.of(CliMain.class.getName(), "node", "--config", configuration.toString()));
        return command;
    }
}
