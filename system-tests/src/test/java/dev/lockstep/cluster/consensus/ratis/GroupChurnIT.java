package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Groups that come and go on three servers, in Ratis 3.3.0 (R17: RATIS-2146, -2162, -2194 and -2345 stay fixed). {@code
 * -Dmembership.rounds=1000} runs longer.
 */
class GroupChurnIT {

    private static final int ROUNDS = Integer.getInteger("membership.rounds", 10);
    private static final int SERVERS = 3;
    /** Rounds after which everything has been made that is made once. */
    private static final int WARM_UP = 3;

    @TempDir
    Path home;

    /** Of other tests in this JVM. Ratis' own log leaves one behind when it can't be opened. */
    private final Set<Thread> earlier = Thread.getAllStackTraces().keySet();

    private final List<WeakReference<RaftServer.Division>> removed = new ArrayList<>();
    private GroupServers servers;

    @BeforeEach
    void start() throws Exception {
        servers = new GroupServers(home, SERVERS, Duration.ofMillis(500), properties -> {});
    }

    @AfterEach
    void stop() {
        servers.close();
    }

    /** Counts the threads by name, but for pools that grow to a fixed size as tasks come: one of Ratis' and those of the JVM. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(thread -> thread.getName().replaceAll("group-[0-9A-F]+|[0-9]+$", "*"))
                .filter(name -> !name.equals("timer*") && !name.startsWith("ForkJoinPool"))
                .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    }

    private List<String> threadsOf(String replica) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !earlier.contains(thread))
                .map(Thread::getName)
                .filter(name -> name.contains(replica))
                .toList();
    }

    /** Idle threads of pools may have ended. */
    private static boolean noMoreThan(Map<String, Long> before) {
        return threads().entrySet().stream().allMatch(now -> now.getValue() <= before.getOrDefault(now.getKey(), 0L));
    }

    private static long handles() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private List<Path> folders() throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            return all.filter(Files::isDirectory).sorted().toList();
        }
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void groupsThatAreRemovedLeaveNothingBehind() throws Exception {
        for (int round = 0; round < WARM_UP; round++) {
            comeAndGo(round);
        }
        Eventually.holds(
                () -> "no thread of a group is left, but there are " + threadsOf("@"),
                () -> threadsOf("@").isEmpty());
        Map<String, Long> threads = threads();
        long handles = handles();
        List<Path> folders = folders();
        for (int round = WARM_UP; round < WARM_UP + ROUNDS; round++) {
            comeAndGo(round);
        }
        Eventually.holds(() -> threads() + " threads, but there were " + threads, () -> noMoreThan(threads));
        Eventually.holds("there are no more than " + handles + " file handles", () -> handles() <= handles);
        Eventually.holds(() -> reachable() + " of " + removed.size() + " replicas", () -> reachable() <= SERVERS);
        assertThat(folders()).isEqualTo(folders);
        System.out.println("GroupChurnIT: rounds=" + ROUNDS + " handles=" + handles + " then " + handles());
    }

    @Test
    void aReplicaThatTurnsFollowerWhileItIsRemovedLeavesNoThread() throws Exception {
        int leader = servers.form(0, 1, 2);
        turnFollowerWhile(leader, () -> remove(leader));
    }

    @Test
    void aReplicaThatTurnsFollowerWhileItsServerStopsLeavesNoThread() throws Exception {
        int leader = servers.form(0, 1, 2);
        turnFollowerWhile(leader, () -> servers.stop(leader));
    }

    /** As one does that steps down, or is asked for its vote, when Ratis has just ended the role that it had. */
    private void turnFollowerWhile(int leader, Runnable close) throws Exception {
        RaftServer.Division division = servers.division(leader);
        CompletableFuture<Void> closing;
        synchronized (division) {
            closing = CompletableFuture.runAsync(close);
            Eventually.holds("it closes", () -> {
                DivisionInfo info = division.getInfo();
                return info.getLifeCycleState().isClosingOrClosed() && !info.isLeaderReady();
            });
            Method stepDown = division.getClass()
                    .getDeclaredMethod("changeToFollowerAndPersistMetadata", long.class, boolean.class, Object.class);
            stepDown.setAccessible(true);
            stepDown.invoke(division, division.getInfo().getCurrentTerm(), false, "closing");
        }
        closing.get(30, TimeUnit.SECONDS);
        String replica = division.getMemberId().toString();
        Eventually.holds(
                () -> "no thread of the replica is left, but there are " + threadsOf(replica),
                () -> threadsOf(replica).isEmpty());
    }

    /** Counts the removed replicas that memory is still needed for. */
    private long reachable() {
        System.gc();
        return removed.stream().filter(replica -> replica.get() != null).count();
    }

    private void comeAndGo(int round) throws Exception {
        servers.turnTo(round);
        int leader = servers.form(0, 1, 2);
        servers.write(leader, "by the first");
        int next = (leader + 1) % SERVERS;
        servers.handOver(next);
        servers.write(next, "by the second");
        List<CompletableFuture<Void>> removals = new ArrayList<>();
        for (int i = 0; i < SERVERS; i++) {
            int server = i;
            removed.add(new WeakReference<>(servers.division(server)));
            removals.add(CompletableFuture.runAsync(() -> remove(server)));
        }
        CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
        assertThat(IntStream.range(0, SERVERS).mapToObj(i -> servers.server(i).folder(servers.group())))
                .noneMatch(Files::exists);
    }

    private void remove(int server) {
        try {
            servers.server(server).remove(servers.group(), true);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }
}
