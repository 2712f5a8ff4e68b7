package dev.lockstep.benchmarks.process;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own that carries out orders; see {@link Orders}. One that does not answer within two minutes is ended, and that is
 * a failure. Ended with {@link #close} at the latest. Not thread-safe.
 */
public final class Child implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 120;
    private static final int MAX_LINES_TOLD = 30;

    private final String name;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    /** The child lives, and could not do what it was told. */
    public static final class RefusedException extends IOException {

        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message);
        }
    }

    /** @param log gets what it says on standard error */
    public Child(String name, Path log, Jvm jvm, Class<?> program, List<String> arguments) throws IOException {
        this.name = name;
        this.log = log;
        Files.createDirectories(log.getParent());
        this.process = new ProcessBuilder(jvm.command(program, arguments))
                .redirectError(log.toFile())
                .start();
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.orders = process.outputWriter(StandardCharsets.UTF_8);
    }

    /**
     * @return what the child answered
     * @throws RefusedException when it says that it failed
     */
    public String ask(String order) throws IOException {
        orders.write(order);
        orders.newLine();
        orders.flush();
        return answer();
    }

    public void awaitReady() throws IOException {
        answer();
    }

    private String answer() throws IOException {
        CompletableFuture<Void> patience = new CompletableFuture<Void>().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
        patience.exceptionally(late -> {
            process.destroyForcibly();
            return null;
        });
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(Orders.DONE)) {
                patience.complete(null);
                return line.substring(Orders.DONE.length());
            }
            if (line.startsWith(Orders.FAILED)) {
                patience.complete(null);
                throw new RefusedException(name + ": " + line.substring(Orders.FAILED.length()));
            }
        }
        throw new IOException("%s %s; its log ends with:%n%s"
                .formatted(
                        name,
                        patience.isDone() ? "was silent for " + PATIENCE_SECONDS + " s" : "has ended",
                        lastLines()));
    }

    private String lastLines() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - MAX_LINES_TOLD), lines.size()));
    }

    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** SIGTERM, and SIGKILL after five seconds. Waits until it is gone. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
