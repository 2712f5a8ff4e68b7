package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.process.Child;
import dev.lockstep.benchmarks.process.Jvm;
import dev.lockstep.benchmarks.process.Progress;
import dev.lockstep.cluster.testing.MemberPorts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Three members with Raft groups, in JVMs of their own or in one, all of them led by the first, which also has the callers.
 * Their machines do nothing, so what is measured is the round alone. Not thread-safe.
 */
final class RaftCluster implements Contender {

    static final int GROUPS = 16;

    private static final int ATTEMPTS = 3;
    /** Between two looks for the leader: an election or a transfer takes as long. */
    private static final long LEADERS_MILLIS = 500;

    private final String name;
    private final Path home;
    private final List<Child> members = new ArrayList<>();

    /**
     * Starts the JVMs without waiting for them.
     *
     * @param transport own, netty or grpc
     * @param home of the logs
     */
    RaftCluster(String transport, Path home) throws IOException {
        this(transport, transport, home, false, Jvm.likeThis("-Dlockstep-test.raft-log=ratis"));
    }

    /**
     * Starts three members on our transport, in one JVM, without waiting for it.
     *
     * @param name of the contender
     * @param raftLog direct or ratis
     * @param home of the logs
     */
    static RaftCluster withLog(String name, String raftLog, Path home) throws IOException {
        return new RaftCluster(name, "own", home, true, Jvm.likeThis("-Dlockstep-test.raft-log=" + raftLog));
    }

    private RaftCluster(String name, String transport, Path home, boolean together, Jvm jvm) throws IOException {
        this.name = name;
        this.home = home;
        List<MemberPorts> ports = MemberPorts.reserve(3);
        List<String> ids = ports.stream().map(MemberPorts::id).toList();
        try {
            for (String own : together ? List.of(String.join(",", ids)) : ids) {
                List<String> arguments = new ArrayList<>(
                        List.of(transport, own, home.resolve(name).toString()));
                ports.forEach(member -> arguments.add(member.id() + ":" + member.port()));
                Path log = home.resolve(name + " " + own + ".log");
                members.add(new Child(name + " " + own, log, jvm, RaftMain.class, arguments));
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
        return name;
    }

    private void gatherLeaderships() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!members.get(0).ask("leads").equals(Integer.toString(GROUPS))) {
            if (System.nanoTime() > end) {
                throw new IOException("After a minute " + name + " does not lead all groups at one member");
            }
            for (Child member : members) {
                member.ask("yield n1");
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

    @Override
    public long flushes() throws IOException {
        return DiskFlushes.of(home);
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
