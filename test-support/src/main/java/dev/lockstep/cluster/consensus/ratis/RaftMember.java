package dev.lockstep.cluster.consensus.ratis;

import dev.lockstep.cluster.checkpoint.Checkpointer;
import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestServer;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.NettyListener;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings.CatchUp;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.NodeIdentity;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.ratis.conf.RaftProperties;
import org.jspecify.annotations.Nullable;

/** A node that has nothing but its Raft groups: they listen and talk over links, as those of a whole node do. */
public final class RaftMember implements AutoCloseable {

    /** The implementation of the logs of members in tests: {@code -Dlockstep-test.raft-log=ratis} runs them with Ratis' own. */
    static final RaftLogKind RAFT_LOG = RaftLogKind.valueOf(
            System.getProperty("lockstep-test.raft-log", "direct").toUpperCase(Locale.ROOT));

    private final NettyLinks links;
    private final RatisConsensus consensus;
    private final NettyListener listener;

    public RaftMember(RatisSettings settings) throws IOException {
        this(settings, links -> links, null);
    }

    /**
     * @param harm what its messages to the other members go through
     * @param tls what its connections are encrypted with; null for not at all
     */
    RaftMember(RatisSettings settings, UnaryOperator<Links> harm, @Nullable Tls tls) throws IOException {
        this(settings, harm, tls, LogDisk.SYSTEM, properties -> {});
    }

    /**
     * @param disk with the logs' files
     * @param further settings of Ratis
     */
    RaftMember(
            RatisSettings settings,
            UnaryOperator<Links> harm,
            @Nullable Tls tls,
            LogDisk disk,
            Consumer<RaftProperties> further)
            throws IOException {
        NodeIdentity self = NodeIdentity.untold(settings.self().id());
        links = new NettyLinks(settings.cluster(), () -> self, Duration.ofSeconds(1), 10_000, tls);
        consensus = new RatisConsensus(settings, harm.apply(links), disk, Time.system(), fault -> {}, further);
        listener = new NettyListener(
                settings.self().host(),
                settings.self().port(),
                settings.cluster(),
                () -> self,
                16 << 20,
                this::connect,
                tls == null ? null : new NettyListener.Encryption(tls, (node, names) -> true));
    }

    /** Settings with which no checkpoint is taken; where they would be is in the folder too. */
    public static RatisSettings settings(
            String cluster, Member self, List<Member> members, Path folder, Duration electionTimeout) {
        return settings(cluster, self, members, folder, electionTimeout, Integer.MAX_VALUE);
    }

    /** @param entries between two checkpoints */
    static RatisSettings settings(
            String cluster, Member self, List<Member> members, Path folder, Duration electionTimeout, int entries) {
        return new RatisSettings(
                cluster,
                self,
                members,
                folder,
                false,
                RAFT_LOG,
                Durability.PROCESS,
                folder.resolve("checkpoints"),
                new Checkpointer.Interval(entries, Duration.ofDays(1)),
                electionTimeout,
                RatisSettings.MAX_ENTRY_BYTES,
                CatchUp.DEFAULT);
    }

    private RequestServer.Connection connect(Identity peer, RequestServer.Replies replies) {
        return new RequestServer.Connection() {
            @Override
            public void serve(long correlationId, Request request) {
                var message = ((Request.ToLog) request).message();
                consensus.serve(
                        Objects.requireNonNull(peer.node()), message, reply -> replies.send(correlationId, reply));
            }

            @Override
            public void closed() {}
        };
    }

    public static List<Member> members(List<MemberPorts> ports) {
        return ports.stream()
                .map(member -> new Member(new NodeId(member.id()), "127.0.0.1", member.port()))
                .toList();
    }

    public RatisConsensus consensus() {
        return consensus;
    }

    /** Waits until the replicas have been read from the disk, which opening them does not wait for. */
    void awaitRead() throws Exception {
        Eventually.holds(
                "the replicas are read",
                () -> consensus.replicas().stream()
                        .noneMatch(replica -> replica.note().equals(ReplicaStatus.OPENING)));
    }

    @Override
    public void close() {
        consensus.close();
        listener.close();
        links.close();
    }
}
