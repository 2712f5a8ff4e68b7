package dev.lockstep.system.meters;

import dev.lockstep.cluster.testing.MemberPorts;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A Prometheus that scrapes nodes each second and evaluates the alerts. Not thread-safe. */
final class Prometheus implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final URI address;

    /** @param job the name of the nodes' job */
    Prometheus(Path home, String job, List<Integer> ports) throws IOException {
        int own = MemberPorts.freePorts(1).get(0);
        address = URI.create("http://127.0.0.1:" + own);
        String targets =
                ports.stream().map(port -> "\"127.0.0.1:" + port + "\"").collect(Collectors.joining(", ", "[", "]"));
        Path file = home.resolve("prometheus.yml");
        Files.writeString(file, """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: ["%s"]
                scrape_configs:
                  - job_name: %s
                    static_configs:
                      - targets: %s
                        labels: {lockstep: cluster}
                """.formatted(Monitoring.ALERTS.toRealPath(), job, targets));
        process = new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + file,
                        "--storage.tsdb.path=" + home.resolve("prometheus"),
                        "--web.listen-address=" + address.getAuthority())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("prometheus.log").toFile())
                .start();
    }

    /** Tells whether Prometheus and promtool can be run here. */
    static boolean isInstalled() {
        try {
            return run("prometheus", "--version").isEmpty()
                    && run("promtool", "--version").isEmpty();
        } catch (IOException notThere) {
            return false;
        }
    }

    /** Runs promtool and returns what it has written if it failed, or an empty text. */
    static String promtool(String... arguments) throws IOException {
        return run(Stream.concat(Stream.of("promtool"), Stream.of(arguments)).toArray(String[]::new));
    }

    private static String run(String... command) throws IOException {
        Process one = new ProcessBuilder(command).redirectErrorStream(true).start();
        String written = new String(one.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!one.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                one.destroyForcibly();
                return command[0] + " did not end";
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
        return one.exitValue() == 0 ? "" : written;
    }

    /** Tells whether it can be asked. */
    boolean isReady() throws InterruptedException {
        try {
            return get("/-/ready").statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** The series that a query has a value of now. */
    List<Map<?, ?>> query(String text) throws IOException, InterruptedException {
        String body = get("/api/v1/query?query=" + URLEncoder.encode(text, StandardCharsets.UTF_8))
                .body();
        Map<?, ?> answer = Monitoring.parse(body);
        if (!"success".equals(answer.get("status"))) {
            throw new IllegalStateException(text + ": " + body);
        }
        return Monitoring.maps(((Map<?, ?>) answer.get("data")).get("result"));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(address.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
