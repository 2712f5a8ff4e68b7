package dev.lockstep.cluster.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One node in a JVM of its own. Not thread-safe. Its output goes to {@code node.log} in its folder. */
public final class NodeProcess implements AutoCloseable {

    /** Set by the build, where nodes live for seconds; not by what runs or measures them for longer. */
    private static final String SHORT_LIVED = "lockstep-test.short-lived-nodes";

    /** Set where the build has archived the classes of some jars: the file, and the jars in their order. */
    private static final String CLASSES = "lockstep-test.node-classes";

    private static final String CLASSES_OF = "lockstep-test.node-jars";

    private static final Duration READY_WITHIN = Duration.ofSeconds(60);
    private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

    private final MemberPorts member;
    private final Path folder;
    private final String classPath;
    private String program;
    private final Map<String, String> environment;
    private Process process;

    private NodeProcess(
            MemberPorts member, Path folder, String classPath, String program, Map<String, String> environment) {
        this.member = member;
        this.folder = folder;
        this.classPath = classPath;
        this.program = program;
        this.environment = environment;
    }

    /**
     * Starts a node without waiting for it.
     *
     * @param program the main class
     * @param environment variables that it gets besides this JVM's
     */
    public static NodeProcess start(
            MemberPorts member,
            Path folder,
            String yaml,
            String classPath,
            String program,
            Map<String, String> environment)
            throws IOException {
        NodeProcess node = new NodeProcess(member, folder, classPath, program, environment);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("lockstep.yaml"), yaml);
        node.launch();
        return node;
    }

    private void launch() throws IOException {
        Files.deleteIfExists(log());
        ProcessBuilder builder = new ProcessBuilder(command())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log().toFile());
        builder.environment().putAll(environment);
        process = builder.start();
    }

    private List<String> command() {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                // As users see it, where tests log by another library than the archive of a server; the tests of
                // cluster-node, whose settings are on this class path, switch some of it off.
                "-Dlockstep-test.log=INFO",
                "-Dorg.slf4j.simpleLogger.log.org.apache.ratis=error",
                "-Dorg.slf4j.simpleLogger.log.org.apache.ratis.util.LifeCycle=off",
                "-Dorg.slf4j.simpleLogger.log.dev.lockstep.cluster.checkpoint.Checkpointer=info",
                "-Dorg.slf4j.simpleLogger.log.dev.lockstep.cluster.node=info"));
        if (Boolean.getBoolean(SHORT_LIVED)) {
            // What the second compiler makes of a node is not ready before the node is killed, and costs its start
            // seconds.
            command.add("-XX:TieredStopAtLevel=1");
        }
        String path = classPath;
        String archive = System.getProperty(CLASSES);
        if (archive != null) {
            command.add("-XX:SharedArchiveFile=" + archive);
            path = System.getProperty(CLASSES_OF) + File.pathSeparator + classPath;
        }
        command.addAll(List.of("-cp", path, program, "--config", "lockstep.yaml"));
        return command;
    }

    /** Starts the node again, on what it left behind, after it has ended. */
    public void restart() throws IOException {
        if (process.isAlive()) {
            throw new IllegalStateException("Node " + member.id() + " is still running");
        }
        launch();
    }

    /**
     * Starts the node again as another program, on what the one before has left behind.
     *
     * @param other its main class
     */
    public void restartAs(String other) throws IOException {
        program = other;
        restart();
    }

    /** Waits until the node says that it can serve. */
    public void awaitReady() throws IOException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (!Files.readString(log()).contains("Lockstep node " + member.id() + " ready on ")) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("Node %s %s; its log:%n%s"
                        .formatted(
                                member.id(),
                                process.isAlive() ? "is not ready after " + READY_WITHIN : "ended before it was ready",
                                Files.readString(log())));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while a node was starting", interrupted);
        }
    }

    public MemberPorts member() {
        return member;
    }

    public Path log() {
        return folder.resolve("node.log");
    }

    public boolean isRunning() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** CPU time of the process so far; nothing where it is unknown. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    public String classPath() {
        return classPath;
    }

    /** Sets the node's wall clock, and at which rate it goes on; only a {@link ShiftedNode} heeds it. */
    public void setClock(Duration ahead, double rate) throws IOException {
        ShiftedNode.setClock(folder, ahead, rate);
    }

    /** SIGKILL of all of them, and only then waits until they are gone. */
    public static void kill(Collection<NodeProcess> nodes) {
        nodes.forEach(node -> node.process.destroyForcibly());
        nodes.forEach(NodeProcess::awaitEnd);
    }

    /**
     * Waits until the process has ended by itself.
     *
     * @return its exit code
     */
    public int awaitExit(Duration within) throws IOException, InterruptedException {
        if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("Node " + member.id() + " has not ended within " + within + "; its log:\n"
                    + Files.readString(log()));
        }
        return process.exitValue();
    }

    /** SIGKILL: the process gets no chance to do anything. Waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Sends SIGSTOP: the process pauses, its connections stay open. Waits until the last of its threads has. */
    public void freeze() throws IOException {
        ProcessSignals.stop(process);
        long deadline = System.nanoTime() + STOPPED_WITHIN.toNanos();
        while (!isStopped()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("Node " + member.id() + " has not stopped within " + STOPPED_WITHIN);
            }
            pause();
        }
    }

    /** Tells whether all threads are in state T; the signal is on its way to them when it has been sent. */
    private boolean isStopped() throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (Path thread : threads.toList()) {
                String stat = Files.readString(thread.resolve("stat"));
                if (!stat.substring(stat.lastIndexOf(')')).startsWith(") T")) {
                    return false;
                }
            }
            return true;
        }
    }

    /** SIGCONT: the process goes on. */
    public void thaw() throws IOException {
        ProcessSignals.resume(process);
    }

    /** SIGTERM: the node drains and stops. Waits until it is gone, and kills it after ten seconds. */
    @Override
    public void close() {
        process.destroy();
        awaitEnd();
    }

    /** SIGTERM to all of them at once, so that none takes over from another; else like {@link #close()}. */
    static void close(Collection<NodeProcess> nodes) {
        nodes.forEach(node -> node.process.destroy());
        nodes.forEach(NodeProcess::awaitEnd);
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
