package dev.lockstep.spring.boot;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program in a JVM of its own, spoken to by lines. Its output is kept in a file. Not thread-safe. */
final class ApplicationProcess implements AutoCloseable {

    private static final Duration WITHIN = Duration.ofSeconds(100);

    private final Process process;
    private final Path log;

    private ApplicationProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Returns the class path of this JVM without the application, Spring and its logging, of which nodes need nothing. */
    static String classPathOfNodes() {
        return Stream.of(NodeProcesses.currentClassPath().split(File.pathSeparator))
                .filter(entry -> !Files.exists(Path.of(entry, "dev", "lockstep", "spring")))
                .filter(entry -> !Path.of(entry).getFileName().toString().matches(".*(spring|logback).*"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Starts a program with this JVM's class path. */
    static ApplicationProcess start(Path log, String program, String... arguments) throws IOException {
        return startWith(NodeProcesses.currentClassPath(), log, program, arguments);
    }

    static ApplicationProcess startWith(String classPath, Path log, String program, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                "-cp",
                classPath,
                program));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new ApplicationProcess(process, log);
    }

    /** Says a line, and waits for one that is not there yet and begins so. */
    String ask(String question, String beginning) {
        try {
            int before = Files.readAllLines(log).size();
            OutputStream in = process.getOutputStream();
            in.write((question + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
            return awaitLine(line -> line.startsWith(beginning), before);
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    /** Waits for a line. */
    String awaitLine(Predicate<String> wanted) throws IOException {
        return awaitLine(wanted, 0);
    }

    private String awaitLine(Predicate<String> wanted, int after) throws IOException {
        long deadline = System.nanoTime() + WITHIN.toNanos();
        while (true) {
            boolean alive = process.isAlive();
            String text = Files.readString(log);
            // A line is whole when its end is there.
            List<String> lines =
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
            for (String line : lines.subList(Math.min(after, lines.size()), lines.size())) {
                if (wanted.test(line)) {
                    return line;
                }
            }
            if (!alive || System.nanoTime() > deadline) {
                throw new IOException("The process " + (alive ? "has not said it within " + WITHIN : "has ended")
                        + "; its output:\n" + text);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Ends its input, waits until it is gone, and kills it after ten seconds. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (IOException gone) {
            process.destroyForcibly();
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
