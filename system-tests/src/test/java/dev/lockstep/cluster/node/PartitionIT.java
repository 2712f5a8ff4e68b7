package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.ProxiedNetwork;
import dev.lockstep.cluster.testing.TcpProxy;
import dev.lockstep.protocol.link.LinkCalls;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A leader that is cut off from the others, but not from the clients that read at it; requests go to nodes of the
 * test's choice, without a router.
 */
@Tag("alone")
class PartitionIT {

    private static final Bytes KEY = Bytes.utf8("key");
    private static final int ROUNDS = 3;

    @TempDir
    Path home;

    private List<MemberPorts> members;
    private ProxiedNetwork network;
    private NodeProcesses nodes;
    private NettyLinks links;
    private int cache;
    private final AtomicLong acknowledged = new AtomicLong();

    @BeforeEach
    void start() throws Exception {
        members = MemberPorts.reserve(3);
        network = new ProxiedNetwork(members);
        nodes = NodeProcesses.start(home, members, network::seenFrom, "shards: 1", NodeProcesses.currentClassPath());
        links = new NettyLinks("processes", null, Duration.ofSeconds(2), 10_000);
        try (Clients clients = new Clients("processes", nodes.addresses())) {
            var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
            cache = clients.open().createCache(definition).join().id();
        }
    }

    @AfterEach
    void stop() {
        links.close();
        nodes.close();
        network.close();
    }

    private CompletableFuture<Reply> ask(MemberPorts node, Request request) {
        Member member = new Member(new NodeId(node.id()), "127.0.0.1", node.port());
        return LinkCalls.call(links.to(member), request);
    }

    /** Writes the next number at one of these nodes; a node that does not answer soon is left for the next. */
    private void write(List<MemberPorts> at) {
        long next = acknowledged.get() + 1;
        Mutation put = Mutation.put(KEY, Bytes.utf8(Long.toString(next)), Condition.ANY);
        var write = new Request.Write(cache, 0, new RequestId(7, 7, next, next), List.of(put), LeaseId.NONE);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (int attempt = 0; acknowledged.get() < next; attempt++) {
            try {
                Reply reply = ask(at.get(attempt % at.size()), write).get(100, TimeUnit.MILLISECONDS);
                if (reply instanceof Reply.Written) {
                    acknowledged.set(next);
                } else {
                    pause();
                }
            } catch (Exception silent) {
                assertThat(System.nanoTime())
                        .as("no node took a write for a minute")
                        .isLessThan(deadline);
            }
        }
    }

    /** The member that answers a strong read. */
    private MemberPorts leader() throws Exception {
        List<MemberPorts> found = new ArrayList<>();
        Eventually.holds("a node answers strong reads", () -> {
            for (MemberPorts member : members) {
                if (ask(member, strongRead()).get(10, TimeUnit.SECONDS) instanceof Reply.Entries) {
                    found.add(member);
                }
            }
            return !found.isEmpty();
        });
        return found.get(0);
    }

    private Request strongRead() {
        return new Request.Get(cache, 0, List.of(KEY), true, Consistency.STRONG, 0, 0);
    }

    private static long value(Reply.Entries reply) {
        return Long.parseLong(new String(reply.entries().get(0).value().array(), StandardCharsets.UTF_8));
    }

    @Test
    void aLeaderThatIsCutOffServesNoStrongReadThatIsStale() throws Exception {
        write(members);
        int answered = 0;
        for (int round = 0; round < ROUNDS; round++) {
            answered += cutOff(leader());
        }
        assertThat(answered).as("reads answered by leaders").isGreaterThan(0);
    }

    /** Cuts a leader off while it is read from and others are written to; answers how many reads it served. */
    private int cutOff(MemberPorts leader) throws Exception {
        List<MemberPorts> others =
                members.stream().filter(member -> !member.equals(leader)).toList();
        AtomicBoolean reading = new AtomicBoolean(true);
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        ConcurrentLinkedQueue<String> stale = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> {
            while (reading.get()) {
                long floor = acknowledged.get();
                // Not waited for: a read that waits for a majority must not keep later ones from being tried.
                ask(leader, strongRead()).thenAccept(reply -> {
                    if (reply instanceof Reply.Entries entries) {
                        answered.incrementAndGet();
                        if (value(entries) < floor) {
                            stale.add("read " + value(entries) + " after " + floor + " was acknowledged");
                        }
                    } else {
                        refused.incrementAndGet();
                    }
                });
                pause();
            }
        });
        Eventually.holds("the leader is read from", () -> answered.get() > 20);
        network.set(leader.id(), TcpProxy.Mode.SILENT);
        for (int i = 0; i < 200; i++) {
            write(others);
        }
        Eventually.holds("the one cut off refuses", () -> refused.get() > 0);
        network.heal();
        reading.set(false);
        reader.get(10, TimeUnit.SECONDS);
        assertThat(stale).isEmpty();
        return answered.get();
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
