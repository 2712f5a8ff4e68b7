package dev.lockstep.benchmarks.meters;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Reads the meters of some nodes every five seconds while it is active; Prometheus does so each minute, unless told otherwise. Thread-safe. */
final class Scraper implements AutoCloseable {

    private static final long SECONDS = 5;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final List<Integer> ports;
    private final AtomicInteger complete = new AtomicInteger();
    private volatile boolean active;

    /** @param ports of the nodes' admin addresses on loopback */
    Scraper(List<Integer> ports) {
        this.ports = List.copyOf(ports);
        thread.scheduleAtFixedRate(this::scrape, 1, SECONDS, TimeUnit.SECONDS);
    }

    /** Has it read them from now on, or not. */
    void setActive(boolean now) {
        active = now;
    }

    private void scrape() {
        if (!active) {
            return;
        }
        int answered = 0;
        for (int port : ports) {
            try {
                var answer = http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .timeout(Duration.ofSeconds(5))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                answered += answer.body().contains("lockstep_cache_requests_seconds_count") ? 1 : 0;
            } catch (IOException notYet) {
                // The nodes are being started, or ended; check() tells whether they answered meanwhile.
            } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (answered == ports.size()) {
            complete.incrementAndGet();
        }
    }

    /** Throws unless the nodes have been read: without it, little would have been measured. */
    void check() {
        if (complete.get() == 0) {
            throw new IllegalStateException("The nodes at " + ports + " did not answer with their meters");
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
