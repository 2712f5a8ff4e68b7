package dev.lockstep.benchmarks.transports;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Three server JVMs, and that of a client with the callers, who put through JCache. Not thread-safe. */
final class CacheCluster implements Contender {

    /** Few: callers that wait are spread over them, and three nodes share a machine here. */
    static final int SHARDS = 4;

    static final String HAZELCAST = "Hazelcast";

    private final String name;
    private final Child client;
    private final Supplier<Duration> serverCpu;
    private final Runnable closing;

    private CacheCluster(String name, Child client, Supplier<Duration> serverCpu, Runnable closing) {
        this.name = name;
        this.client = client;
        this.serverCpu = serverCpu;
        this.closing = closing;
    }

    static String lockstepName(Storage logs) {
        return "Lockstep " + logs.name();
    }

    /**
     * Starts Lockstep's nodes and a client.
     *
     * @param home of all but the Raft logs
     */
    static CacheCluster lockstep(Path home, Storage logs) throws IOException {
        String name = lockstepName(logs);
        Path own = home.resolve(name);
        NodeProcesses nodes = NodeProcesses.start(
                own,
                MemberPorts.reserve(3),
                "shards: " + SHARDS,
                Jvm.likeThis().classPath(),
                id -> logs.folder().resolve("raft-" + id));
        try {
            List<String> arguments = List.of("lockstep", nodes.uri().toString());
            Child client = client(name, own, Jvm.likeThis(), arguments);
            return new CacheCluster(
                    name, client, () -> sum(nodes.nodes().stream().map(NodeProcess::cpu)), nodes::close);
        } catch (IOException | RuntimeException failure) {
            nodes.close();
            throw failure;
        }
    }

    /**
     * Starts Hazelcast's members and a client.
     *
     * @param home of what they log
     * @param classPath of theirs
     */
    static CacheCluster hazelcast(Path home, String classPath) throws IOException, InterruptedException {
        Jvm jvm = Hazelcast.jvm(classPath);
        Path own = home.resolve(HAZELCAST);
        List<String> ports =
                MemberPorts.freePorts(3).stream().map(String::valueOf).toList();
        List<Child> members = new ArrayList<>();
        try {
            for (String port : ports) {
                List<String> arguments =
                        Stream.concat(Stream.of(port), ports.stream()).toList();
                String name = HAZELCAST + " at " + port;
                members.add(new Child(name, own.resolve(port + ".log"), jvm, Hazelcast.class, arguments));
            }
            awaitSettled(members);
            String addresses = ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
            Child client = client(HAZELCAST, own, jvm, List.of("hazelcast", addresses));
            return new CacheCluster(
                    HAZELCAST,
                    client,
                    () -> sum(members.stream().map(Child::cpu)),
                    () -> members.forEach(Child::close));
        } catch (IOException | InterruptedException | RuntimeException failure) {
            members.forEach(Child::close);
            throw failure;
        }
    }

    private static Child client(String name, Path home, Jvm jvm, List<String> arguments) throws IOException {
        Child client = new Child(name + "'s client", home.resolve("client.log"), jvm, PutMain.class, arguments);
        try {
            client.awaitReady();
            return client;
        } catch (IOException failure) {
            client.close();
            throw failure;
        }
    }

    private static void awaitSettled(List<Child> members) throws IOException, InterruptedException {
        for (Child member : members) {
            member.awaitReady();
        }
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!members.get(0).ask("settled").equals("true")) {
            if (System.nanoTime() > end) {
                throw new IOException("After a minute the members of Hazelcast have not found each other");
            }
            Thread.sleep(200);
        }
    }

    private static Duration sum(Stream<Duration> cpu) {
        return cpu.reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    public String name() {
        return name;
    }

    /** The groups of the load are the shards, which were chosen at the start; Hazelcast has its 271 partitions. */
    @Override
    public Figures put(Load load, int seconds) throws IOException {
        return Figures.parse(client.ask("put " + load.callers() + " " + seconds));
    }

    @Override
    public Duration cpu() {
        return client.cpu().plus(serverCpu.get());
    }

    @Override
    public void close() {
        client.close();
        closing.run();
    }
}
