package dev.lockstep.cluster.consensus.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy.Mode;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.topology.Member;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four groups on three members under load, while connections are cut, silenced and slowed down, messages doubled, delayed and
 * lost, leaders replaced and members restarted. {@code -Dsafety.entries=N} runs longer, {@code -Dsafety.seed=S} draws the same harm.
 */
@Tag("alone")
class TransportSafetyIT {

    private static final int MEMBERS = 3;
    private static final int GROUPS = 4;
    private static final int UNDER_WAY = 24;
    private static final int LEAST_CUTS = 100;
    /** Few enough that a member that was away fetches one. */
    private static final int ENTRIES_A_CHECKPOINT = 200;

    private static final int ENTRIES = Integer.getInteger("safety.entries", 100_000);
    /** After all is well again. */
    private static final long ANSWERED_WITHIN_SECONDS = 60;

    private static final long PATIENCE_SECONDS = 120L + ENTRIES / 1_000;

    @TempDir
    Path home;

    private final long seed = Long.getLong("safety.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final FaultInjectingLinks.Harm harm = new FaultInjectingLinks.Harm();
    private final EventLoop later = EventLoop.threaded("late-messages");
    private final RaftMember[] running = new RaftMember[MEMBERS];
    private final ReplicatedLog[][] logs = new ReplicatedLog[MEMBERS][GROUPS];
    private final OrderMachine[][] machines = new OrderMachine[MEMBERS][GROUPS];
    private final List<List<OrderMachine>> everApplied = new ArrayList<>();
    private final List<Set<Long>> acknowledged = new ArrayList<>();
    private final AtomicInteger acknowledgements = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger unanswered = new AtomicInteger();
    private final AtomicLong numbers = new AtomicLong();
    private List<Member> members;
    private ProxiedNetwork network;
    private int cuts;
    private int restarts;
    private int handovers;
    private volatile boolean over;

    @BeforeEach
    void start() throws Exception {
        List<MemberPorts> ports = MemberPorts.reserve(MEMBERS);
        members = RaftMember.members(ports);
        network = new ProxiedNetwork(ports);
        for (int group = 0; group < GROUPS; group++) {
            everApplied.add(new ArrayList<>());
            acknowledged.add(ConcurrentHashMap.newKeySet());
        }
        for (int member = 0; member < MEMBERS; member++) {
            start(member);
        }
    }

    private void start(int index) throws Exception {
        Member self = members.get(index);
        RatisSettings settings = RaftMember.settings(
                "safety",
                self,
                RaftMember.members(network.seenFrom(self.id().name())),
                home.resolve(self.id().name()),
                Duration.ofMillis(300),
                ENTRIES_A_CHECKPOINT);
        running[index] = new RaftMember(settings, links -> new FaultInjectingLinks(links, harm, random, later), null);
        for (int group = 0; group < GROUPS; group++) {
            OrderMachine machine = new OrderMachine();
            everApplied.get(group).add(machine);
            ReplicatedLog<byte[], Long> log = running[index]
                    .consensus()
                    .open(group, members.stream().map(Member::id).toList(), machine);
            synchronized (logs) {
                machines[index][group] = machine;
                logs[index][group] = log;
            }
        }
    }

    @AfterEach
    void stop() {
        over = true;
        for (RaftMember member : running) {
            member.close();
        }
        network.close();
        later.close();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void acknowledgedEntriesAreAppliedOnceAndInOneOrderEverywhere() throws Exception {
        System.out.println("TransportSafetyIT: -Dsafety.seed=" + seed);
        List<Thread> proposing = new ArrayList<>();
        for (int group = 0; group < GROUPS; group++) {
            int proposed = group;
            Thread thread = new Thread(() -> propose(proposed), "proposer-" + group);
            thread.start();
            proposing.add(thread);
        }
        long began = System.nanoTime();
        while (acknowledgements.get() < ENTRIES || cuts < LEAST_CUTS) {
            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began))
                    .as(this::counted)
                    .isLessThan(PATIENCE_SECONDS);
            harmOnce();
        }
        over = true;
        harm.end();
        network.heal();
        for (Thread thread : proposing) {
            thread.join();
        }
        assertThat(unanswered).as("proposals that were never answered").hasValue(0);
        for (int group = 0; group < GROUPS; group++) {
            judge(group);
        }
        System.out.println("TransportSafetyIT: " + counted());
    }

    private String counted() {
        return "acknowledged=" + acknowledgements + " failed=" + failures + " cuts=" + cuts + " restarts=" + restarts
                + " handovers=" + handovers + " doubled=" + harm.doubled() + " late=" + harm.late() + " lost="
                + harm.lost();
    }

    // Load

    private void propose(int group) {
        Random sizes = new Random(seed + group);
        Semaphore room = new Semaphore(UNDER_WAY);
        while (!over) {
            ReplicatedLog<byte[], Long> leader = leader(group);
            try {
                if (leader == null) {
                    Thread.sleep(5);
                } else {
                    room.acquire();
                    propose(leader, group, sizes, room);
                }
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        }
        try {
            if (!room.tryAcquire(UNDER_WAY, ANSWERED_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                unanswered.addAndGet(UNDER_WAY - room.availablePermits());
            }
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private void propose(ReplicatedLog<byte[], Long> leader, int group, Random sizes, Semaphore room) {
        long number = numbers.incrementAndGet();
        int size = sizes.nextInt(200) == 0 ? 64 << 10 : 8 + sizes.nextInt(400);
        leader.propose(ByteBuffer.allocate(size).putLong(number).array()).whenComplete((position, failure) -> {
            if (failure == null) {
                acknowledged.get(group).add(number);
                acknowledgements.incrementAndGet();
            } else {
                failures.incrementAndGet();
            }
            room.release();
        });
    }

    private ReplicatedLog<byte[], Long> leader(int group) {
        synchronized (logs) {
            return Arrays.stream(logs)
                    .map(of -> of[group])
                    .filter(log -> log != null && log.leadership().ready())
                    .findFirst()
                    .orElse(null);
        }
    }

    // Harm

    private void harmOnce() throws Exception {
        String from = id(random.nextInt(MEMBERS));
        String to = id(random.nextInt(MEMBERS));
        int group = random.nextInt(GROUPS);
        switch (random.nextInt(28)) {
            case 0, 1 -> isolate(from, Mode.CUT, 500);
            case 2 -> depose(group);
            case 3 -> isolate(from, Mode.SILENT, 500);
            case 4, 5 -> slow(from);
            case 6 -> harm.lose(1 + random.nextInt(3));
            case 7 -> harm.loseAnswers(1 + random.nextInt(3));
            case 8 -> restart(leaderIndex(group));
            case 9, 14 -> handOver(group);
            case 10, 11 -> one(from, to, Mode.DROP_REPLIES, 100);
            case 12 -> one(from, to, Mode.SILENT, 300);
            default -> one(from, to, Mode.CUT, 60);
        }
        pause(60);
    }

    private void one(String from, String to, Mode mode, int atMostMillis) throws Exception {
        if (!from.equals(to)) {
            network.set(from, to, mode);
            pause(atMostMillis);
            network.set(from, to, Mode.PASS);
            cuts += mode == Mode.SILENT ? 0 : 1;
        }
    }

    private void isolate(String id, Mode mode, int atMostMillis) throws Exception {
        network.set(id, mode);
        pause(atMostMillis);
        network.set(id, Mode.PASS);
        cuts += mode == Mode.CUT ? 1 : 0;
    }

    /** Longer than the others wait for it: what only it has is lost, and must not have been acknowledged. */
    private void depose(int group) throws Exception {
        int leader = leaderIndex(group);
        if (leader >= 0) {
            network.set(id(leader), Mode.CUT);
            Thread.sleep(1_200);
            network.set(id(leader), Mode.PASS);
            cuts++;
        }
    }

    /** Slows a node down: it reads 64 KiB every few milliseconds, and so do those that read from it. */
    private void slow(String id) throws Exception {
        network.delay(id, Duration.ofMillis(1 + random.nextInt(15)));
        pause(200);
        network.delay(id, Duration.ZERO);
    }

    private void handOver(int group) {
        ReplicatedLog<byte[], Long> leader = leader(group);
        if (leader != null) {
            leader.stepDown(null);
            handovers++;
        }
    }

    private int leaderIndex(int group) {
        ReplicatedLog<byte[], Long> leader = leader(group);
        for (int i = 0; i < MEMBERS; i++) {
            if (logs[i][group] == leader) {
                return i;
            }
        }
        return -1;
    }

    private void restart(int index) throws Exception {
        if (index >= 0) {
            synchronized (logs) {
                Arrays.fill(logs[index], null);
            }
            running[index].close();
            pause(200);
            start(index);
            restarts++;
        }
    }

    private void pause(int atMostMillis) throws InterruptedException {
        Thread.sleep(1 + random.nextInt(atMostMillis));
    }

    private static String id(int index) {
        return "n" + (index + 1);
    }

    // Judgement

    private void judge(int group) throws Exception {
        Eventually.holds("group " + group + " has a leader again", () -> leader(group) != null && proposeLast(group));
        long last = Arrays.stream(machines)
                .mapToLong(of -> of[group].position())
                .max()
                .orElseThrow();
        Eventually.holds(
                () -> "all members have applied the last entry of group " + group + ", at " + last + ": they are at "
                        + Arrays.stream(machines)
                                .map(of -> of[group].position())
                                .toList(),
                () -> Arrays.stream(machines).allMatch(of -> of[group].position() >= last));
        long[] order = machines[0][group].numbers();
        Set<Long> present = new HashSet<>();
        for (long number : order) {
            assertThat(present.add(number)).as(number + " is applied once").isTrue();
        }
        assertThat(present).containsAll(acknowledged.get(group));
        for (OrderMachine machine : everApplied.get(group)) {
            long[] applied = machine.numbers();
            assertThat(applied).isEqualTo(Arrays.copyOf(order, applied.length));
        }
        for (OrderMachine[] of : machines) {
            assertThat(of[group].numbers()).hasSize(order.length);
        }
    }

    private boolean proposeLast(int group) throws Exception {
        try {
            leader(group)
                    .propose(ByteBuffer.allocate(8)
                            .putLong(numbers.incrementAndGet())
                            .array())
                    .get(10, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException lostAgain) {
            return false;
        }
    }
}
