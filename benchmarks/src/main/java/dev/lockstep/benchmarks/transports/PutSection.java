package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Spread;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** A put through JCache from a client's JVM to three server JVMs: ours, and Hazelcast's. Not thread-safe. */
final class PutSection {

    private static final List<Integer> CALLERS = List.of(1, 64);
    private static final String PEER = "Hazelcast";

    private final Path disk;
    private final Path memory;
    private final String peerClassPath;
    private final RaftSection.Effort effort;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, Child> clients = new LinkedHashMap<>();
    private final Map<String, List<Figures>> all = new LinkedHashMap<>();

    /** @param peerClassPath Hazelcast, JCache and this benchmark, without our provider */
    PutSection(Path disk, Path memory, String peerClassPath, RaftSection.Effort effort) {
        this.disk = disk;
        this.memory = memory;
        this.peerClassPath = peerClassPath;
        this.effort = effort;
    }

    void run() throws Exception {
        try {
            startOurs("Lockstep, logs on disk", disk.resolve("puts"), disk.resolve("puts"));
            startOurs("Lockstep, logs in memory", disk.resolve("puts-in-memory"), memory.resolve("puts"));
            startPeer();
            for (Child client : clients.values()) {
                client.awaitReady();
            }
            for (String name : clients.keySet()) {
                for (int callers : CALLERS) {
                    Progress.tell("warming up " + name + ", " + callers + " callers");
                    measure(name, callers, effort.warmUpSeconds());
                }
            }
            for (int round = 1; round <= effort.rounds(); round++) {
                for (int callers : CALLERS) {
                    for (String name : clients.keySet()) {
                        Progress.tell("round " + round + ": " + name + ", " + callers + " callers");
                        all.computeIfAbsent(key(name, callers), none -> new ArrayList<>())
                                .add(measure(name, callers, effort.seconds()));
                    }
                }
            }
            print();
        } finally {
            clients.values().forEach(Child::close);
            for (AutoCloseable one : opened) {
                one.close();
            }
        }
    }

    private static String key(String name, int callers) {
        return name + " " + callers;
    }

    private Figures measure(String name, int callers, int seconds) throws IOException {
        return Figures.parse(clients.get(name).ask("run " + callers + " " + seconds));
    }

    private void startOurs(String name, Path home, Path logs) throws IOException {
        Progress.tell("starting " + name);
        List<MemberPorts> ports = MemberPorts.reserve(3);
        String classPath = System.getProperty("java.class.path");
        NodeProcesses nodes =
                NodeProcesses.start(home, ports, "shards: 4", classPath, id -> logs.resolve("logs-" + id));
        opened.add(nodes);
        clients.put(
                name,
                new Child(
                        name,
                        log(home),
                        classPath,
                        PutMain.class,
                        List.of("lockstep", nodes.uri().toString())));
    }

    private void startPeer() throws IOException, InterruptedException {
        Progress.tell("starting " + PEER);
        List<String> ports =
                MemberPorts.freePorts(3).stream().map(String::valueOf).toList();
        Path home = Files.createDirectories(disk.resolve("hazelcast"));
        List<Child> members = new ArrayList<>();
        for (String port : ports) {
            List<String> arguments = new ArrayList<>(List.of(port));
            arguments.addAll(ports);
            Child member = new Child(
                    PEER + " at " + port,
                    home.resolve(port + ".log").toFile(),
                    peerClassPath,
                    Hazelcast.class,
                    arguments);
            opened.add(member);
            members.add(member);
        }
        for (Child member : members) {
            member.awaitReady();
        }
        while (!members.get(0).ask("members").equals("3")) {
            Thread.sleep(200);
        }
        String addresses = ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
        clients.put(PEER, new Child(PEER, log(home), peerClassPath, PutMain.class, List.of("hazelcast", addresses)));
    }

    private static File log(Path home) throws IOException {
        return Files.createDirectories(home).resolve("client.log").toFile();
    }

    private void print() {
        System.out.printf(
                "%nPuts through JCache, one client and three servers; median [lowest-highest] of %d rounds%n%-28s %8s %26s %24s %9s%n",
                effort.rounds(), "", "callers", "puts/s", "p50 us", "p99 us");
        for (int callers : CALLERS) {
            for (String name : clients.keySet()) {
                List<Figures> figures = all.get(key(name, callers));
                System.out.printf(
                        "%-28s %8d %26s %24s %9.0f%n",
                        name,
                        callers,
                        spread(figures, Figures::rate).text("%.0f"),
                        spread(figures, Figures::p50).text("%.0f"),
                        spread(figures, Figures::p99).median());
            }
        }
        for (String name : clients.keySet()) {
            if (!name.equals(PEER)) {
                Spread latency = ratio(name, 1, Figures::p50);
                Spread rate = ratio(name, 64, Figures::rate);
                goal(name + "/" + PEER + ", p50 of one caller", latency, "at most 2", latency.median() <= 2);
                goal(name + "/" + PEER + ", puts/s of 64 callers", rate, "at least 2", rate.median() >= 2);
            }
        }
    }

    static void goal(String what, Spread ratio, String bound, boolean met) {
        System.out.printf("goal %s: %s, %s: %s%n", what, ratio.text("%.2f"), bound, met ? "met" : "not met");
    }

    private Spread ratio(String name, int callers, ToDoubleFunction<Figures> figure) {
        List<Figures> own = all.get(key(name, callers));
        List<Figures> peer = all.get(key(PEER, callers));
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < own.size(); round++) {
            ratios.add(figure.applyAsDouble(own.get(round)) / figure.applyAsDouble(peer.get(round)));
        }
        return Spread.of(ratios);
    }

    private static Spread spread(List<Figures> figures, ToDoubleFunction<Figures> figure) {
        return Spread.of(figures.stream().mapToDouble(figure).toArray());
    }
}
