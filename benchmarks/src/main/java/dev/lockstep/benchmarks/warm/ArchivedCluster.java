package dev.lockstep.benchmarks.warm;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.session.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Three nodes, each started by {@code bin/lockstep node} of an unpacked archive. Not thread-safe. */
final class ArchivedCluster implements AutoCloseable {

    private static final String NAME = "warm";
    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long PAUSE_MILLIS = 20;

    private final long began = System.nanoTime();
    private final List<Process> processes = new ArrayList<>();
    private final Clients clients;

    /**
     * Starts them, and waits until each is ready.
     *
     * @param home of their configurations, data and logs
     * @param jdk the home of their JDK
     */
    ArchivedCluster(Path archive, Path home, Path jdk) throws IOException {
        List<MemberPorts> members = MemberPorts.reserve(NODES);
        String lines = members.stream()
                .map(each -> "  - {id: %s, address: \"127.0.0.1:%d\"}%n".formatted(each.id(), each.port()))
                .collect(Collectors.joining());
        this.clients = new Clients(
                NAME, members.stream().map(each -> "127.0.0.1:" + each.port()).collect(Collectors.joining(",")));
        try {
            Files.createDirectories(home);
            for (MemberPorts member : members) {
                Path configuration = home.resolve(member.id() + ".yaml");
                Files.writeString(
                        configuration,
                        "cluster: %s%nnode: {id: %s, data: data/%s}%nmembers:%n%s"
                                .formatted(NAME, member.id(), member.id(), lines));
                ProcessBuilder node = new ProcessBuilder(
                                archive.resolve("bin").resolve("lockstep").toString(),
                                "node",
                                "--config",
                                configuration.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log(home, member).toFile());
                node.environment().put("JAVA_HOME", jdk.toString());
                node.environment().put("JDK_JAVA_OPTIONS", "-Xmx1g");
                processes.add(node.start());
            }
            for (MemberPorts member : members) {
                awaitReady(log(home, member));
            }
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private static Path log(Path home, MemberPorts member) {
        return home.resolve(member.id() + ".log");
    }

    private void awaitReady(Path log) throws IOException {
        while (!Files.readString(log).contains(" ready on ")) {
            if (since().compareTo(PATIENCE) > 0 || !processes.stream().allMatch(Process::isAlive)) {
                throw new IOException(
                        "Not all nodes were ready within " + PATIENCE + "; this one said: " + Files.readString(log));
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("Interrupted while the nodes were starting", interrupted);
            }
        }
    }

    /** Opens another client. */
    Session open() {
        return clients.open();
    }

    /** Returns the time since the first node was started. */
    Duration since() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    /** Returns the CPU of the nodes since they were started. */
    Duration cpu() {
        return processes.stream()
                .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    public void close() {
        clients.close();
        processes.forEach(Process::destroyForcibly);
        for (Process process : processes) {
            process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        }
    }
}
