package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Sample;
import dev.lockstep.benchmarks.Workload;
import dev.lockstep.benchmarks.process.Orders;
import dev.lockstep.cluster.consensus.BytesMachine;
import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.cluster.consensus.ratis.RaftMember;
import dev.lockstep.cluster.consensus.ratis.RatisSettings;
import dev.lockstep.cluster.consensus.ratis.StockTransports;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * One of three members of Raft groups whose machines do nothing, or all of them. Arguments: own, netty or grpc; its id, or
 * several with commas between them; the folder of each member's folder; id:port of each member. Orders: {@code open count}
 * (groups), {@code leads} (how many of them the first leads), {@code yield id} (leadership of all of them that another
 * has), {@code put callers groups seconds}, {@code threads}.
 *
 * <p>Callers are threads here, at the leader: each waits for its put before the next, and {@link GroupCommit} makes the rounds.
 */
final class RaftMain implements BytesMachine<Long> {

    private static final int PATIENCE_SECONDS = 30;
    /** The leader's, from which the pace of heartbeats follows: what a node has by default. */
    private static final Duration ELECTION = Duration.ofSeconds(1);
    /** The first member is to lead all groups, so the others let it be the first to stand for election. */
    private static final Duration LATER_ELECTION = Duration.ofSeconds(3);

    private final NodeId self;
    private final Consensus consensus;
    private final List<NodeId> replicas;
    private final List<ReplicatedLog<byte[], Long>> logs = new ArrayList<>();
    private final List<GroupCommit> groups = new ArrayList<>();
    private final LongAdder rounds = new LongAdder();

    private RaftMain(NodeId self, Consensus consensus, List<NodeId> replicas) {
        this.self = self;
        this.consensus = consensus;
        this.replicas = replicas;
    }

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        List<Member> members = members(arguments);
        List<RaftMain> own = new ArrayList<>();
        for (String id : arguments[1].split(",")) {
            own.add(member(arguments[0], id, Path.of(arguments[2]), members));
        }
        Orders.serve(words -> carryOut(own, words));
        System.exit(0);
    }

    private static RaftMain member(String transport, String id, Path home, List<Member> members) throws Exception {
        Member self = members.stream()
                .filter(member -> member.id().name().equals(id))
                .findFirst()
                .orElseThrow();
        RatisSettings settings = RaftMember.settings(
                "bench", self, members, home.resolve(id), self.equals(members.get(0)) ? ELECTION : LATER_ELECTION);
        return new RaftMain(
                self.id(),
                consensus(transport, settings),
                members.stream().map(Member::id).toList());
    }

    private static List<Member> members(String[] arguments) {
        return RaftMember.members(Stream.of(arguments)
                .skip(3)
                .map(text -> text.split(":"))
                .map(part -> new MemberPorts(part[0], Integer.parseInt(part[1])))
                .toList());
    }

    private static Consensus consensus(String transport, RatisSettings settings) throws Exception {
        return switch (transport) {
            case "own" -> new RaftMember(settings).consensus();
            case "netty" -> StockTransports.netty(settings);
            case "grpc" -> StockTransports.grpc(settings);
            default -> throw new IllegalArgumentException("There is no transport " + transport);
        };
    }

    private void open(int count) {
        for (int group = 0; group < count; group++) {
            ReplicatedLog<byte[], Long> log = consensus.open(group, replicas, this);
            logs.add(log);
            groups.add(new GroupCommit(log, rounds));
        }
    }

    private static String carryOut(List<RaftMain> own, String[] words) throws Exception {
        return switch (words[0]) {
            case "open" -> {
                own.forEach(member -> member.open(Integer.parseInt(words[1])));
                yield "opened";
            }
            case "leads" -> Long.toString(own.get(0).leads());
            case "yield" -> {
                NodeId to = new NodeId(words[1]);
                own.stream().filter(member -> !member.self.equals(to)).forEach(member -> member.yieldTo(to));
                yield "asked";
            }
            case "put" ->
                own.get(0)
                        .put(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]))
                        .text();
            case "threads" ->
                Integer.toString(ManagementFactory.getThreadMXBean().getThreadCount());
            default -> throw new IllegalArgumentException("There is no such order");
        };
    }

    private long leads() {
        return logs.stream().filter(log -> log.leadership().ready()).count();
    }

    private void yieldTo(NodeId other) {
        logs.stream().filter(log -> log.leadership().leads()).forEach(log -> log.stepDown(other));
    }

    private Figures put(int callers, int used, int seconds) throws InterruptedException {
        long before = rounds.sum();
        Sample sample =
                new Workload("put", callers, i -> await(groups.get(i % used).put())).run(seconds);
        return Figures.of(sample, rounds.sum() - before);
    }

    private static void await(CompletableFuture<Long> put) {
        try {
            put.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure.getCause());
        } catch (TimeoutException late) {
            throw new IllegalStateException("A round has not ended within " + PATIENCE_SECONDS + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    @Override
    public Long apply(long position, byte[] entry) {
        return position;
    }

    @Override
    public Image image() {
        throw new UnsupportedOperationException("Its settings ask for no checkpoint");
    }

    @Override
    public Restoration restoration() {
        throw new UnsupportedOperationException("There is no checkpoint");
    }

    @Override
    public void leadershipChanged() {}
}
