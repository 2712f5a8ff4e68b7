package dev.lockstep.samples.shop;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Database;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** An instance of the shop in a JVM of its own. Thread-safe once it is ready. */
final class Instance implements AutoCloseable {

    private static final Duration READY_WITHIN = Duration.ofSeconds(90);
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern PORT = Pattern.compile("started on port (\\d+)");

    private final String name;
    private final Path log;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private int port;
    private volatile boolean killed;

    private Instance(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    static Instance start(String name, Path home, NodeProcesses nodes, Database database) throws IOException {
        Path log = home.resolve("instance-" + name + ".log");
        List<String> command = new ArrayList<>(List.of(
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
                "--spring.jpa.properties.hibernate.lockstep.uri=" + nodes.uri(),
                "--logging.level.org.springframework.boot.tomcat=info"));
        for (String property : List.of("url", "username", "password")) {
            String value = database.properties().get("hibernate.connection." + property);
            if (value != null) {
                command.add("--spring.datasource." + property + "=" + value);
            }
        }
        Process process = new ProcessBuilder(command)
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

    /** A product as it shows it. */
    Offer offer(int id) throws IOException, InterruptedException {
        return read("/products/" + id, Offer.class);
    }

    /** Tells whether it has raised the price; if not, it may yet have. */
    boolean reprice(int id, int cents) throws IOException, InterruptedException {
        HttpRequest request = request("/products/" + id + "/price?price=" + BigDecimal.valueOf(cents, 2))
                .POST(BodyPublishers.noBody())
                .build();
        return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
    }

    Figures.Reading figures() throws IOException, InterruptedException {
        return read("/figures", Figures.Reading.class);
    }

    String page() throws IOException, InterruptedException {
        return get("/");
    }

    private <T> T read(String path, Class<T> type) throws IOException, InterruptedException {
        String answer = get(path);
        try {
            return JSON.readValue(answer, type);
        } catch (JacksonException other) {
            throw new IOException(path + " was answered with " + answer, other);
        }
    }

    private String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request(path).build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(path + " was answered with " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30));
    }

    boolean isKilled() {
        return killed;
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        killed = true;
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
