package dev.lockstep.benchmarks.transports;

import dev.lockstep.cluster.testing.MemberPorts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Three JVMs with Raft groups on one transport, all of them led by the first, which also has the callers. Its machines do
 * nothing, so what is measured is the round alone. Not thread-safe.
 */
final class RaftCluster implements Contender {

    static final int GROUPS = 16;

    private static final int ATTEMPTS = 3;
    /** Between two looks at who leads: an election or a transfer takes as long. */
    private static final long LEADERS_MILLIS = 500;

    private final String transport;
    private final List<Child> members = new ArrayList<>();

    /**
     * Starts the JVMs without waiting for them.
     *
     * @param transport own, netty or grpc
     * @param home of the logs
     */
    RaftCluster(String transport, Path home) throws IOException {
        this.transport = transport;
        List<MemberPorts> ports = MemberPorts.reserve(3);
        try {
            for (MemberPorts self : ports) {
                Path folder = home.resolve(transport + "-" + self.id());
                List<String> arguments = new ArrayList<>(List.of(transport, self.id(), folder.toString()));
                ports.forEach(member -> arguments.add(member.id() + ":" + member.port()));
                String name = transport + " " + self.id();
                members.add(new Child(name, home.resolve(name + ".log"), Jvm.likeThis(), RaftMain.class, arguments));
            }
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /** Opens the groups, and waits until they have their leaders. */
    void open() throws IOException, InterruptedException {
        for (Child member : members) {
            member.awaitReady();
        }
        for (Child member : members) {
            member.ask("open " + GROUPS);
        }
        gatherLeaderships();
    }

    @Override
    public String name() {
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
            Thread.sleep(LEADERS_MILLIS);
        }
    }

    /** The load is repeated if a leader was lost meanwhile, as may happen on a busy machine. */
    @Override
    public Figures put(Load load, int seconds) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            gatherLeaderships();
            try {
                return Figures.parse(members.get(0).ask("put " + load.callers() + " " + load.groups() + " " + seconds));
            } catch (Child.RefusedException failure) {
                if (attempt == ATTEMPTS) {
                    throw failure;
                }
                Progress.tell("once more, after a failure: " + failure.getMessage());
            }
        }
    }

    @Override
    public Duration cpu() {
        return members.stream().map(Child::cpu).reduce(Duration.ZERO, Duration::plus);
    }

    /** Counts the threads of all three nodes. */
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
