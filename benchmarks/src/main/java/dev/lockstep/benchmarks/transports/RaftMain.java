package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.Sample;
import dev.lockstep.benchmarks.Workload;
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
 * One of three members of Raft groups whose machines do nothing. Arguments: own, netty or grpc; its id; its folder; id:port of
 * each member. Orders: {@code open count} (groups), {@code leads} (how many of them), {@code yield id} (leadership of all of
 * them), {@code put callers groups seconds}, {@code threads}.
 *
 * <p>Callers are threads here, at the leader: each waits for its put before the next, and {@link GroupCommit} makes the rounds.
 */
final class RaftMain implements BytesMachine<Long> {

    private static final int PATIENCE_SECONDS = 30;
    /** The leader's, from which the pace of heartbeats follows: what a node has by default. */
    private static final Duration ELECTION = Duration.ofSeconds(1);
    /** The first member is to lead all groups, so the others let it be the first to stand for election. */
    private static final Duration LATER_ELECTION = Duration.ofSeconds(3);

    private final Consensus consensus;
    private final List<NodeId> replicas;
    private final List<ReplicatedLog<byte[], Long>> logs = new ArrayList<>();
    private final List<GroupCommit> groups = new ArrayList<>();
    private final LongAdder rounds = new LongAdder();

    private RaftMain(Consensus consensus, List<NodeId> replicas) {
        this.consensus = consensus;
        this.replicas = replicas;
    }

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        List<Member> members = members(arguments);
        Member self = members.stream()
                .filter(member -> member.id().name().equals(arguments[1]))
                .findFirst()
                .orElseThrow();
        RatisSettings settings = RaftMember.settings(
                "bench", self, members, Path.of(arguments[2]), self.equals(members.get(0)) ? ELECTION : LATER_ELECTION);
        RaftMain member = new RaftMain(
                consensus(arguments[0], settings),
                members.stream().map(Member::id).toList());
        Orders.serve(member::carryOut);
        System.exit(0);
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

    private String carryOut(String[] words) throws Exception {
        return switch (words[0]) {
            case "open" -> {
                open(Integer.parseInt(words[1]));
                yield "opened";
            }
            case "leads" ->
                Long.toString(
                        logs.stream().filter(log -> log.leadership().ready()).count());
            case "yield" -> {
                logs.stream()
                        .filter(log -> log.leadership().leads())
                        .forEach(log -> log.stepDown(new NodeId(words[1])));
                yield "asked";
            }
            case "put" ->
                put(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]))
                        .text();
            case "threads" ->
                Integer.toString(ManagementFactory.getThreadMXBean().getThreadCount());
            default -> throw new IllegalArgumentException("There is no such order");
        };
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
