package dev.lockstep.cli;

import dev.lockstep.protocol.topology.Member;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node that {@code dev} runs as a process, again and again if need be. Thread-safe. Its output is appended to a log. */
final class DevNode {

    private static final int LAST_LINES = 8;

    private final Member member;
    private final List<String> command;
    private final Path log;
    private final Consumer<String> out;

    /** Null before the first start, and once its end is known. */
    private @Nullable Process process;

    /** Length of the log when the process was started. */
    private long logged;

    /** The state of a node, as its log says. */
    enum State {
        ENDED,
        STARTING,
        /** It is no member of the cluster yet. */
        WAITING,
        READY
    }

    /**
     * @param command of the process
     * @param log for all it prints
     * @param out for what is to be said when it has ended by itself
     */
    DevNode(Member member, List<String> command, Path log, Consumer<String> out) {
        this.member = member;
        this.command = List.copyOf(command);
        this.log = log;
        this.out = out;
    }

    Member member() {
        return member;
    }

    /** Starts the process, unless it runs. */
    synchronized void start() throws IOException {
        if (process != null) {
            return;
        }
        logged = Files.exists(log) ? Files.size(log) : 0;
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process = started;
        started.onExit().thenAccept(this::ended);
    }

    /** Says that the process has ended, unless it was told to. */
    private synchronized void ended(Process ended) {
        if (process == ended) {
            out.accept("Node " + member.id() + " (pid " + ended.pid() + ") has ended with exit code "
                    + ended.exitValue() + "; its log " + log + " ends with:\n" + lastLines()
                    + "\n\"restart " + member.id() + "\" starts it again");
            process = null;
        }
    }

    State state() {
        if (pid() < 0) {
            return State.ENDED;
        }
        String printed = printed();
        if (printed.contains("Lockstep node " + member.id() + " ready on ")) {
            return State.READY;
        }
        return printed.contains("waits for: lockstep node add ") ? State.WAITING : State.STARTING;
    }

    String lastLines() {
        List<String> lines = printed().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()))
                .indent(2)
                .stripTrailing();
    }

    private synchronized String printed() {
        try (InputStream in = Files.newInputStream(log)) {
            in.skipNBytes(logged);
            return new String(in.readAllBytes(), Charset.defaultCharset());
        } catch (IOException failure) {
            return "(" + failure + ")";
        }
    }

    /** Returns the id of the process, or -1 if none runs. */
    synchronized long pid() {
        return process == null ? -1 : process.pid();
    }

    /** One line: the node, its address, its process and its log. */
    String row() {
        long pid = pid();
        return "%-6s %-18s %-10s %s"
                .formatted(member.id(), LoopbackCluster.address(member), pid < 0 ? "ended" : "pid " + pid, log);
    }

    /** Waits for the end of the process, but no longer than that. */
    void awaitEnd(Duration within) throws InterruptedException {
        Process running;
        synchronized (this) {
            running = process;
        }
        if (running != null) {
            running.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** SIGTERM: the node hands its leaderships over and ends. */
    Optional<Process> terminate() {
        Optional<Process> ending = forget();
        ending.ifPresent(Process::destroy);
        return ending;
    }

    /** SIGKILL. */
    Optional<Process> kill() {
        Optional<Process> ending = forget();
        ending.ifPresent(Process::destroyForcibly);
        return ending;
    }

    /** @return the process, of whose end nothing is to be said any more; empty if none runs */
    private synchronized Optional<Process> forget() {
        Optional<Process> ending = Optional.ofNullable(process);
        process = null;
        return ending;
    }
}
