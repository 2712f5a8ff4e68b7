package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Outcome;
import dev.lockstep.benchmarks.process.Child;
import dev.lockstep.benchmarks.process.Jvm;
import dev.lockstep.cluster.testing.MemberPorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The processes of one product in one topology, running until they are closed. Not thread-safe. */
final class Deployment implements AutoCloseable {

    private static final long COMPLETE_WITHIN = TimeUnit.MINUTES.toNanos(2);

    /**
     * As many threads as Lockstep's nodes ask for. On two cores, the JDK's default is one, and then Hazelcast's client starts a
     * thread for each put and get.
     */
    private static final String COMMON_POOL = "-Djava.util.concurrent.ForkJoinPool.common.parallelism="
            + Math.max(4, Runtime.getRuntime().availableProcessors() - 1);

    private final Topology topology;
    private final List<Child> children = new ArrayList<>();
    private int ready;

    /**
     * Starts them, waits until all have joined, and writes the entries and records.
     *
     * @param folder for their files
     * @param heap the heap's limit of each
     */
    Deployment(Contestant contestant, Topology topology, Path folder, Path modules, String heap)
            throws IOException, InterruptedException {
        this.topology = topology;
        try {
            start(contestant, folder, modules, heap);
            driver().ask("fill");
        } catch (IOException | InterruptedException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private void start(Contestant contestant, Path folder, Path modules, String heap)
            throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(List.of("-Xmx" + heap, COMMON_POOL));
        options.addAll(contestant.options());
        Jvm jvm = new Jvm(contestant.classPath(modules), options);
        String ports = MemberPorts.freePorts(topology.roles().size() * Place.PORTS_EACH).stream()
                .map(String::valueOf)
                .collect(Collectors.joining(","));
        for (int index = 0; index < topology.roles().size(); index++) {
            Role role = topology.roles().get(index);
            if (role == Role.CLIENT) {
                awaitComplete(contestant);
            }
            Path own = Files.createDirectories(folder.resolve("jvm-" + index));
            List<String> arguments =
                    List.of(contestant.product(), role.name(), Integer.toString(index), own.toString(), ports);
            children.add(new Child(contestant + " " + index, own.resolve("log"), jvm, PeerMain.class, arguments));
        }
        awaitComplete(contestant);
    }

    /** Waits until those that have been started are ready and have joined. */
    private void awaitComplete(Contestant contestant) throws IOException, InterruptedException {
        while (ready < children.size()) {
            children.get(ready++).awaitReady();
        }
        long deadline = System.nanoTime() + COMPLETE_WITHIN;
        for (Child child : children) {
            while (!child.ask("complete").equals("true")) {
                if (System.nanoTime() > deadline) {
                    throw new IOException(
                            "After two minutes the members of " + contestant + " have not found each other");
                }
                Thread.sleep(100);
            }
        }
    }

    private Child driver() {
        return children.get(topology.driver());
    }

    Measured run(Load load, int millis) throws IOException {
        Duration before = cpu();
        Outcome outcome = Outcome.parse(driver().ask(
                        "load %s %d %d %d".formatted(load.operation().name(), load.callers(), load.rate(), millis)));
        Duration used = cpu().minus(before);
        if (load.operation() == Operation.YCSB_D) {
            driver().ask("tidy");
        }
        return new Measured(outcome, used.toNanos() / 1e3 / outcome.operations());
    }

    private Duration cpu() {
        return children.stream().map(Child::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    public void close() {
        children.forEach(Child::close);
    }
}
