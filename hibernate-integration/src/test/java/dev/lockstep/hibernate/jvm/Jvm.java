package dev.lockstep.hibernate.jvm;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM of its own that runs {@link JvmMain}. Thread-safe. Its log goes to a file. */
public final class Jvm implements AutoCloseable {

    private final Process process;
    private final Path log;
    private final PrintStream commands;
    private final Map<String, CompletableFuture<String>> asked = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final AtomicInteger numbers = new AtomicInteger();

    private Jvm(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "answers of " + log.getFileName());
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a JVM without waiting for it.
     *
     * @param log gets what it logs
     * @param properties of its session factory
     */
    public static Jvm start(Path log, Map<String, String> properties) throws IOException {
        Files.createDirectories(log.getParent());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                "-Dlockstep.serialization.allowed=org.hibernate.cache.*,dev.lockstep.hibernate.model.*",
                "-cp",
                classPath(),
                JvmMain.class.getName()));
        properties.forEach((name, value) -> command.add(name + "=" + value));
        return new Jvm(new ProcessBuilder(command).redirectError(log.toFile()).start(), log);
    }

    /** Returns the class path of this JVM, with the Hibernate of a folder in the place of its own if one is named. */
    private static String classPath() {
        String own = NodeProcesses.currentClassPath();
        String other = System.getProperty("lockstep-test.hibernate", "");
        return other.isEmpty()
                ? own
                : Stream.concat(
                                Stream.of(other + File.separator + "*"),
                                Stream.of(own.split(File.pathSeparator)).filter(Jvm::isKept))
                        .collect(Collectors.joining(File.pathSeparator));
    }

    private static boolean isKept(String entry) {
        String name = Path.of(entry).getFileName().toString();
        return !name.matches("(hibernate-(core|jcache|models)|jakarta.persistence-api)-\\d.*");
    }

    public Jvm awaitReady() throws IOException {
        try {
            ready.get(60, TimeUnit.SECONDS);
            return this;
        } catch (ExecutionException | TimeoutException | InterruptedException failure) {
            throw new IOException("The JVM is not ready; its log:\n" + Files.readString(log), failure);
        }
    }

    private void read() {
        BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        try {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] parts = line.split(" ", 3);
                if (line.equals("ready")) {
                    ready.complete(null);
                } else if (parts.length == 3 && asked.containsKey(parts[0])) {
                    answered(asked.remove(parts[0]), parts[1], parts[2]);
                }
            }
        } catch (IOException closed) {
            // The process has ended, as what is said next says.
        }
        IllegalStateException ended = new IllegalStateException("The JVM has ended; its log is " + log);
        ready.completeExceptionally(ended);
        asked.values().forEach(answer -> answer.completeExceptionally(ended));
    }

    private static void answered(CompletableFuture<String> answer, String outcome, String text) {
        if (outcome.equals("ok")) {
            answer.complete(text);
        } else {
            answer.completeExceptionally(new IllegalStateException(text));
        }
    }

    /** Begins a command. */
    public CompletableFuture<String> begin(String command) {
        String number = Integer.toString(numbers.incrementAndGet());
        CompletableFuture<String> answer = new CompletableFuture<>();
        asked.put(number, answer);
        commands.println(number + " " + command);
        return answer;
    }

    /** Runs a command. */
    public String ask(String command) {
        return result(begin(command));
    }

    public static String result(CompletableFuture<String> answer) {
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed.getCause().getMessage(), failed.getCause());
        } catch (TimeoutException | InterruptedException late) {
            throw new IllegalStateException("No answer", late);
        }
    }

    /** SIGKILL. Waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        commands.close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
