package dev.lockstep.samples.shop;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An instance of the shop in a JVM of its own. Not thread-safe. */
final class Instance implements AutoCloseable {

    private static final Duration READY_WITHIN = Duration.ofSeconds(90);
    private static final Pattern PORT = Pattern.compile("started on port (\\d+)");

    private final String name;
    private final Path log;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private int port;

    private Instance(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    static Instance start(String name, Path home, NodeProcesses nodes) throws IOException {
        Path log = home.resolve("instance-" + name + ".log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        NodeProcesses.currentClassPath(),
                        ShopApplication.class.getName(),
                        "--shop.instance=" + name,
                        "--lockstep.servers=" + nodes.addresses(),
                        "--lockstep.cluster=processes",
                        "--logging.level.org.springframework.boot.tomcat=info")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Instance(name, log, process);
    }

    String name() {
        return name;
    }

    /** Waits until it says at which port it listens. */
    void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (port == 0) {
            Matcher said = PORT.matcher(Files.readString(log));
            if (said.find()) {
                port = Integer.parseInt(said.group(1));
            } else if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("Instance " + name + " is not ready; its log:\n" + Files.readString(log));
            } else {
                Thread.sleep(50);
            }
        }
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return http.send(
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
    }

    /** What its page says of its queries. */
    int queries() throws IOException, InterruptedException {
        Matcher said = Pattern.compile("queries (\\d+)").matcher(get("/").body());
        if (!said.find()) {
            throw new IOException("The page of instance " + name + " does not tell its queries");
        }
        return Integer.parseInt(said.group(1));
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            kill();
        }
    }
}
