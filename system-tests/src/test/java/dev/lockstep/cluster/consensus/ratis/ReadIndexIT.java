package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The reason for rounds of our own that confirm reads (ADR 4): three JVMs, the leader cut off from the others while
 * clients go on writing on both sides, and all nodes read all the time. A read is stale when it misses a write that
 * was acknowledged before the read began. The same scenario is run with our rounds and with the LINEARIZABLE option
 * of Ratis.
 */
@Tag("alone")
class ReadIndexIT {

    private static final long SCENARIO_NANOS = 4_000_000_000L;
    /** The time of reads alone before the cut: Ratis has then confirmed the commit index for one, and takes that for all. */
    private static final long REST_MILLIS = 1_000;

    @TempDir
    Path home;

    private final List<Process> processes = new ArrayList<>();

    private record Reads(long answered, long stale) {
        Reads plus(Reads other) {
            return new Reads(answered + other.answered, stale + other.stale);
        }
    }

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void ourRoundsAreNeverStaleWhenTheLeaderIsCutOff() throws Exception {
        Reads reads = cutTheLeaderOff(RegisterNode.READ_BY_OUR_ROUND);
        System.out.println("our rounds: " + reads);
        assertThat(reads.answered()).as("strong reads that were answered").isPositive();
        assertThat(reads.stale()).isZero();
    }

    /** Should this fail, Ratis has mended it, or the scenario has gone blind: then the test above proves nothing. */
    @Test
    void theSameScenarioFindsStaleReadsOfRatisOwnOption() throws Exception {
        Reads reads = cutTheLeaderOff(RegisterNode.READ_BY_RATIS);
        System.out.println("Ratis' LINEARIZABLE: " + reads);
        assertThat(reads.stale()).isPositive();
    }

    private Reads cutTheLeaderOff(char read) throws Exception {
        List<MemberPorts> members = MemberPorts.reserve(3);
        List<Integer> commandPorts = MemberPorts.freePorts(3);
        try (ProxiedNetwork network = new ProxiedNetwork(members)) {
            for (int i = 0; i < 3; i++) {
                start(members.get(i), commandPorts.get(i), network);
            }
            int leader = leader(commandPorts, -1, 1);
            try (Caller caller = new Caller(commandPorts.get(leader))) {
                for (long number = 2; number <= 50; number++) {
                    assertThat(caller.call(RegisterNode.WRITE, number)).isEqualTo(number);
                }
            }
            AtomicLong acknowledged = new AtomicLong(50);
            long end = System.nanoTime() + REST_MILLIS * 1_000_000 + SCENARIO_NANOS;
            List<CompletableFuture<Reads>> reading = new ArrayList<>();
            for (int port : commandPorts) {
                reading.add(CompletableFuture.supplyAsync(() -> read(port, read, acknowledged, end), this::inThread));
            }
            int cutOff = commandPorts.get(leader);
            Thread.sleep(REST_MILLIS);
            network.set(members.get(leader).id(), TcpProxy.Mode.SILENT);
            CompletableFuture<Void> keptBusy =
                    CompletableFuture.runAsync(() -> goOnProposing(cutOff, end), this::inThread);
            int next = leader(commandPorts, leader, 51);
            try (Caller caller = new Caller(commandPorts.get(next))) {
                for (long number = 52; System.nanoTime() < end; number++) {
                    if (caller.call(RegisterNode.WRITE, number) != null) {
                        acknowledged.set(number);
                    }
                }
            }
            keptBusy.join();
            return reading.stream().map(CompletableFuture::join).reduce(new Reads(0, 0), Reads::plus);
        }
    }

    private void start(MemberPorts self, int commandPort, ProxiedNetwork network) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
                "-cp",
                NodeProcesses.currentClassPath(),
                RegisterNode.class.getName(),
                self.id(),
                home.resolve(self.id()).toString(),
                Integer.toString(commandPort)));
        network.seenFrom(self.id()).forEach(member -> command.add(member.id() + ":" + member.port()));
        processes.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(home.resolve(self.id() + ".log").toFile())
                .start());
    }

    /** The first node, other than {@code not}, that can commit {@code number}. */
    private static int leader(List<Integer> ports, int not, long number) throws Exception {
        int[] found = {-1};
        Eventually.holds("a leader", () -> {
            for (int i = 0; i < ports.size() && found[0] < 0; i++) {
                if (i != not && commits(ports.get(i), number)) {
                    found[0] = i;
                }
            }
            return found[0] >= 0;
        });
        return found[0];
    }

    private static boolean commits(int port, long number) {
        try (Caller caller = new Caller(port)) {
            return caller.call(RegisterNode.WRITE, number) != null;
        } catch (IOException notYet) {
            return false;
        }
    }

    /**
     * A client that reaches only the leader that was cut off; one without anything to do would notice and step down.
     */
    private static void goOnProposing(int port, long end) {
        try (Caller caller = new Caller(port)) {
            while (System.nanoTime() < end) {
                caller.call(RegisterNode.PROPOSE, -1);
                Thread.sleep(20);
            }
        } catch (IOException failure) {
            throw new IllegalStateException("Proposing at port " + port + " failed", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Reads read(int port, char how, AtomicLong acknowledged, long end) {
        long answered = 0;
        long stale = 0;
        try (Caller caller = new Caller(port)) {
            while (System.nanoTime() < end) {
                long before = acknowledged.get();
                Long number = caller.call(how, 0);
                if (number != null) {
                    answered++;
                    stale += number < before ? 1 : 0;
                }
            }
        } catch (IOException failure) {
            throw new IllegalStateException("Reading at port " + port + " failed", failure);
        }
        return new Reads(answered, stale);
    }

    private void inThread(Runnable task) {
        Thread thread = new Thread(task, "reader");
        thread.setDaemon(true);
        thread.start();
    }

    /** A connection for commands. Not thread-safe. */
    private static final class Caller implements AutoCloseable {

        private final Socket socket;
        private final DataInputStream in;
        private final DataOutputStream out;

        Caller(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
        }

        /** Asks the node, and returns its answer; null when it refused. */
        @Nullable
        Long call(char command, long number) throws IOException {
            out.write(ByteBuffer.allocate(9).put((byte) command).putLong(number).array());
            boolean done = in.readBoolean();
            long answer = in.readLong();
            return done ? answer : null;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
