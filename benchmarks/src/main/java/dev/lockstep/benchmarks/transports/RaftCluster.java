package dev.lockstep.benchmarks.transports;

import dev.lockstep.cluster.testing.MemberPorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Three JVMs with Raft groups on one transport, all of them led by the first, which also drives them. Not thread-safe. */
final class RaftCluster implements AutoCloseable {

    static final int GROUPS = 16;

    private final String transport;
    private final List<Child> members = new ArrayList<>();

    /** @param home of the logs */
    RaftCluster(String transport, Path home) throws IOException, InterruptedException {
        this.transport = transport;
        List<MemberPorts> ports = MemberPorts.reserve(3);
        try {
            for (MemberPorts self : ports) {
                Path folder = Files.createDirectories(home.resolve(transport + "-" + self.id()));
                List<String> arguments =
                        new ArrayList<>(List.of(transport, self.id(), folder.toString(), Integer.toString(GROUPS)));
                ports.forEach(member -> arguments.add(member.id() + ":" + member.port()));
                members.add(new Child(
                        transport + " " + self.id(),
                        folder.resolve("log").toFile(),
                        System.getProperty("java.class.path"),
                        RaftMain.class,
                        arguments));
            }
            for (Child member : members) {
                member.awaitReady();
            }
            gatherLeaderships();
        } catch (IOException | InterruptedException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    String transport() {
        return transport;
    }

    private void gatherLeaderships() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!members.get(0).ask("leads").equals(Integer.toString(GROUPS))) {
            if (System.nanoTime() > end) {
                throw new IOException("After a minute " + transport + " does not lead all groups at one member");
            }
            for (Child other : members.subList(1, members.size())) {
                other.ask("yield n1");
            }
            Thread.sleep(200);
        }
    }

    Figures run(int callers, int groups, int seconds) throws IOException {
        return Figures.parse(members.get(0).ask("run " + callers + " " + groups + " " + seconds));
    }

    /** CPU time of all three. */
    Duration cpu() {
        return members.stream().map(Child::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    /** Of all three. */
    int threads() throws IOException {
        int threads = 0;
        for (Child member : members) {
            threads += Integer.parseInt(member.ask("threads"));
        }
        return threads;
    }

    @Override
    public void close() {
        members.forEach(Child::close);
    }
}
