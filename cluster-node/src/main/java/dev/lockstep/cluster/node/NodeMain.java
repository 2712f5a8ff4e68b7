package dev.lockstep.cluster.node;

import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A node as a process: reads its configuration, serves until it is told to end, and hands its leaderships over. */
public final class NodeMain {

    /** The property of the JVM that says how many threads its common pool has. */
    public static final String POOL_PROPERTY = "java.util.concurrent.ForkJoinPool.common.parallelism";
    /** The threads that the common pool of a node needs at least. */
    public static final int POOL_PARALLELISM = 4;

    private static final int ENDED = 0;
    private static final int NOT_STARTED = 1;
    private static final int MISUSED = 2;
    private static final int STOPPED = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A node that is not a member yet waits for that long to be added, then ends. */
    private static final Duration UNTIL_ADDED = Duration.ofDays(1);

    private NodeMain() {}

    /** @param arguments {@code --config} and a file; the command {@code node} of {@code lockstep-cli} has help and a version */
    public static void main(String[] arguments) throws InterruptedException {
        PrintWriter err = writer(System.err);
        if (arguments.length != 2 || !arguments[0].equals("--config")) {
            err.println("Usage: java " + NodeMain.class.getName() + " --config <file>");
            System.exit(MISUSED);
        }
        System.exit(run(Path.of(arguments[1]), writer(System.out), err));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, Charset.defaultCharset()), true);
    }

    /**
     * Runs a node until a signal ends it or it stops by itself.
     *
     * @return the exit code: 0 after a signal, 1 if it could not be started, 2 if the configuration is wrong, 3 if it stopped
     */
    public static int run(Path config, PrintWriter out, PrintWriter err) throws InterruptedException {
        return run(config, ClusterVersion.Range.OWN, out, err);
    }

    /** Likewise, as a version of Lockstep that can do other cluster versions. */
    public static int run(Path config, ClusterVersion.Range able, PrintWriter out, PrintWriter err)
            throws InterruptedException {
        try {
            Settings settings = SettingsReader.fromFile(config);
            if (settings.node().isEmpty()) {
                throw new SettingsException(config + ": \"node\" is missing: which of the members is this?");
            }
            return serve(settings, able, out);
        } catch (SettingsException wrong) {
            err.println(wrong.getMessage());
            return MISUSED;
        } catch (IOException | RuntimeException failure) {
            err.println("The node could not be started. " + failure.getMessage());
            return NOT_STARTED;
        }
    }

    private static int serve(Settings settings, ClusterVersion.Range able, PrintWriter out)
            throws IOException, InterruptedException {
        RecentOutput.keep();
        sizeCommonPool();
        Node node = new Node(settings, Time.system(), EventLoop.threaded("lockstep-node"), UNTIL_ADDED, able);
        CountDownLatch ended = new CountDownLatch(1);
        node.stopped().thenRun(ended::countDown);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            node.close();
            ended.countDown();
        }));
        while (!node.awaitReady(PATIENCE) && !node.stopped().isDone()) {
            Layout layout = node.layout();
            out.println("Lockstep node " + node.member().id() + " waits for a majority of the members "
                    + layout.members()
                    + (layout.isFormed() ? "" : "; for the first start of a cluster, for all of them")
                    + NodeProvider.reasons(node.troubles()));
        }
        if (!node.stopped().isDone()) {
            out.println("Lockstep node " + node.member().id() + " ready on "
                    + node.member().host() + ":"
                    + node.member().port()
                    + ", cluster " + settings.cluster());
        }
        awaitEnd(node, ended, out);
        return node.stopped().isDone() ? STOPPED : ENDED;
    }

    /** Waits until the node has ended, and says meanwhile when its warm-up is over. */
    private static void awaitEnd(Node node, CountDownLatch ended, PrintWriter out) throws InterruptedException {
        CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
        if (compilers != null && compilers.isCompilationTimeMonitoringSupported()) {
            WarmUp warmUp = new WarmUp(node::appliedEntries, compilers::getTotalCompilationTime);
            while (!ended.await(WarmUp.INTERVAL_NANOS, TimeUnit.NANOSECONDS)) {
                if (warmUp.isOver()) {
                    out.println("Lockstep node " + node.member().id() + " is warm, "
                            + ManagementFactory.getRuntimeMXBean().getUptime() / 1000
                            + " s after its start: the JIT compilers, which took "
                            + compilers.getTotalCompilationTime() / 1000 + " s, are nearly idle under load");
                    break;
                }
            }
        }
        ended.await();
    }

    /** Gives the common pool of a JVM that is a node and nothing else the threads that it needs, unless its command line says otherwise. */
    private static void sizeCommonPool() {
        if (System.getProperty(POOL_PROPERTY) == null) {
            System.setProperty(
                    POOL_PROPERTY,
                    Integer.toString(
                            Math.max(POOL_PARALLELISM, Runtime.getRuntime().availableProcessors() - 1)));
        }
    }
}
