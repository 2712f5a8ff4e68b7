package dev.lockstep.benchmarks.transports;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.RaftMember;
import dev.lockstep.cluster.consensus.ratis.RatisSettings;
import dev.lockstep.cluster.consensus.ratis.StockTransports;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * One of three members of so many Raft groups, which does nothing but to count what it applies. Arguments: own, netty or grpc;
 * its id; its folder; the number of groups; id:port of each member. Orders: {@code leads} (how many groups), {@code yield id}
 * (leadership of all of them), {@code run callers groups seconds}, {@code threads}.
 *
 * <p>A caller stands for one put of 100 bytes at a time. The callers of a group wait for one round together, as they do behind
 * the product's group commit; a single caller is a thread that waits for each of its puts.
 */
final class RaftMain implements LogMachine {

    private static final int VALUE_BYTES = 100;

    private final AtomicLong applied = new AtomicLong();
    private final List<ReplicatedLog> logs = new ArrayList<>();

    private RaftMain() {}

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        NodeId self = new NodeId(arguments[1]);
        List<Member> members = RaftMember.members(Stream.of(arguments)
                .skip(4)
                .map(text -> text.split(":"))
                .map(part -> new MemberPorts(part[0], Integer.parseInt(part[1])))
                .toList());
        Member own = members.stream()
                .filter(member -> member.id().equals(self))
                .findFirst()
                .orElseThrow();
        Consensus consensus = consensus(
                arguments[0],
                new RatisSettings(
                        "bench",
                        own,
                        members,
                        Path.of(arguments[2]),
                        Duration.ofSeconds(1),
                        RatisSettings.MAX_ENTRY_BYTES));
        RaftMain member = new RaftMain();
        List<NodeId> replicas = members.stream().map(Member::id).toList();
        for (int group = 0; group < Integer.parseInt(arguments[3]); group++) {
            member.logs.add(consensus.open(group, replicas, member));
        }
        Orders.serve(member::carryOut);
        System.exit(0);
    }

    private static Consensus consensus(String transport, RatisSettings settings) throws Exception {
        return switch (transport) {
            case "own" -> new RaftMember(settings).consensus();
            case "netty" -> StockTransports.netty(settings);
            case "grpc" -> StockTransports.grpc(settings);
            default -> throw new IllegalArgumentException("There is no transport " + transport);
        };
    }

    private String carryOut(String[] words) throws Exception {
        return switch (words[0]) {
            case "leads" -> leads();
            case "threads" -> Integer.toString(Thread.getAllStackTraces().size());
            case "run" ->
                run(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]))
                        .text();
            case "yield" -> yieldTo(new NodeId(words[1]));
            default -> throw new IllegalArgumentException("There is no order " + words[0]);
        };
    }

    /** @return how many of the groups it leads */
    private String leads() {
        return Long.toString(logs.stream().filter(log -> log.standing().ready()).count());
    }

    private String yieldTo(NodeId successor) {
        logs.stream().filter(log -> log.standing().ready()).forEach(log -> log.stepDown(successor));
        return "asked";
    }

    private Figures run(int callers, int groups, int seconds) throws Exception {
        int used = Math.min(callers, groups);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Histogram nanos = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(1), 3);
        LongAdder rounds = new LongAdder();
        if (callers == 1) {
            runAlone(end, nanos, rounds);
        } else {
            CountDownLatch done = new CountDownLatch(used);
            for (int group = 0; group < used; group++) {
                new Group(logs.get(group), callers / used, end, nanos, rounds, done).next();
            }
            if (!done.await(seconds + 30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("A round has not ended");
            }
        }
        return Figures.of(nanos, rounds.sum(), seconds);
    }

    private void runAlone(long end, Histogram nanos, LongAdder rounds) throws Exception {
        byte[] entry = new byte[VALUE_BYTES];
        for (long began = System.nanoTime(); began < end; began = System.nanoTime()) {
            logs.get(0).propose(entry).get(30, TimeUnit.SECONDS);
            nanos.recordValue(System.nanoTime() - began);
            rounds.increment();
        }
    }

    /** The callers of one group: round after round until the end. */
    private record Group(
            ReplicatedLog log, int callers, long end, Histogram nanos, LongAdder rounds, CountDownLatch done) {

        void next() {
            long began = System.nanoTime();
            if (began >= end) {
                done.countDown();
                return;
            }
            log.propose(new byte[callers * VALUE_BYTES]).whenComplete((position, failure) -> {
                if (failure != null) {
                    throw new IllegalStateException(failure);
                }
                nanos.recordValueWithCount(System.nanoTime() - began, callers);
                rounds.increment();
                next();
            });
        }
    }

    @Override
    public Object apply(long position, byte[] entry) {
        return applied.incrementAndGet();
    }

    @Override
    public void standingChanged() {}
}
