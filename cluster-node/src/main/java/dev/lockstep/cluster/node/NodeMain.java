package dev.lockstep.cluster.node;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** A node as a process: reads its configuration, serves until it is told to end, and drains. */
@Command(
        name = "lockstep-node",
        mixinStandardHelpOptions = true,
        versionProvider = NodeMain.Version.class,
        description = "Runs one member of a Lockstep cluster.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:ended by a signal",
            "1:it could not be started",
            "2:the command line or the configuration is wrong",
            "3:it stopped, as its disk failed or another process is this node; the log says what to do"
        })
public final class NodeMain implements Callable<Integer> {

    static final String POOL_PROPERTY = "java.util.concurrent.ForkJoinPool.common.parallelism";
    static final int POOL_PARALLELISM = 4;
    private static final int STOPPED = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Option(
            names = "--config",
            required = true,
            paramLabel = "<file>",
            description = "The configuration, a YAML file with a node and its members.")
    private Path config = Path.of("lockstep.yaml");

    private final PrintWriter out;
    private final PrintWriter err;

    NodeMain(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    public static void main(String[] arguments) {
        byDefault(
                POOL_PROPERTY,
                Integer.toString(Math.max(POOL_PARALLELISM, Runtime.getRuntime().availableProcessors() - 1)));
        // It tells each step of each election; what people need to know of them is told by Leaderships and PeerLink.
        byDefault("org.slf4j.simpleLogger.log.org.apache.ratis", "error");
        byDefault("org.slf4j.simpleLogger.log.org.apache.ratis.util.LifeCycle", "off");
        byDefault("org.slf4j.simpleLogger.showDateTime", "true");
        byDefault("org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd HH:mm:ss.SSS");
        System.exit(run(arguments, writer(System.out), writer(System.err)));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, Charset.defaultCharset()), true);
    }

    /** Before the first class that reads it. */
    private static void byDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** @return the exit code */
    static int run(String[] arguments, PrintWriter out, PrintWriter err) {
        return new CommandLine(new NodeMain(out, err)).setOut(out).setErr(err).execute(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        try {
            Settings settings = SettingsReader.fromFile(config);
            if (settings.node().isEmpty()) {
                throw new SettingsException(config + ": \"node\" is missing: which of the members is this?");
            }
            return serve(settings);
        } catch (SettingsException wrong) {
            err.println(wrong.getMessage());
            return CommandLine.ExitCode.USAGE;
        } catch (IOException | RuntimeException failure) {
            err.println("The node could not be started. " + failure.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    private int serve(Settings settings) throws IOException, InterruptedException {
        Node node = new Node(settings, Time.system(), EventLoop.threaded("lockstep-node"));
        CountDownLatch ended = new CountDownLatch(1);
        node.stopped().thenRun(ended::countDown);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            node.close();
            ended.countDown();
        }));
        while (!node.awaitReady(PATIENCE) && !node.stopped().isDone()) {
            out.println("Lockstep node " + node.member().id() + " waits for a majority of the members "
                    + settings.members() + "; for the first start of a cluster, for all of them"
                    + NodeProvider.reasons(node.troubles()));
        }
        if (!node.stopped().isDone()) {
            out.println("Lockstep node " + node.member().id() + " ready on "
                    + node.member().host() + ":"
                    + node.member().port()
                    + ", cluster " + settings.cluster());
        }
        ended.await();
        return node.stopped().isDone() ? STOPPED : CommandLine.ExitCode.OK;
    }

    /** What the jar says of itself. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = NodeMain.class.getPackage().getImplementationVersion();
            return new String[] {"Lockstep node " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
