package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftConfiguration;
import org.jspecify.annotations.Nullable;

/** Nodes and groups in Ratis' words, and back. */
public final class RatisNames {

    private RatisNames() {}

    public static RaftPeerId id(NodeId node) {
        return RaftPeerId.valueOf(node.name());
    }

    public static @Nullable NodeId node(@Nullable RaftPeerId peer) {
        return peer == null ? null : new NodeId(peer.toString());
    }

    /** The same on all nodes of a cluster. */
    public static RaftGroupId groupId(String cluster, int group) {
        Bytes name = Bytes.utf8("lockstep/" + cluster + "/" + group);
        return RaftGroupId.valueOf(UUID.nameUUIDFromBytes(name.array()));
    }

    /** A group of equals: with differing priorities leadership can't be handed over. */
    public static RaftGroup group(RaftGroupId id, Collection<NodeId> replicas, List<Member> members) {
        List<RaftPeer> peers = members.stream()
                .filter(member -> replicas.contains(member.id()))
                .map(member -> RaftPeer.newBuilder()
                        .setId(id(member.id()))
                        .setAddress(member.host() + ":" + member.port())
                        .build())
                .toList();
        if (peers.size() != replicas.size()) {
            throw new IllegalArgumentException("Of the replicas " + replicas + " not all are members: " + members);
        }
        return RaftGroup.valueOf(id, peers);
    }

    /** The voters of a configuration, and while it is joint those of the one before. */
    public static List<Set<NodeId>> voters(RaftConfiguration configuration) {
        List<Set<NodeId>> voters = new ArrayList<>();
        voters.add(nodes(configuration.getCurrentPeers()));
        if (!configuration.getPreviousPeers().isEmpty()) {
            voters.add(nodes(configuration.getPreviousPeers()));
        }
        return List.copyOf(voters);
    }

    /** Returns all voters of a configuration, of a joint one those before and after. */
    public static Set<NodeId> allVoters(RaftConfiguration configuration) {
        return voters(configuration).stream().flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
    }

    /** Tells whether they are a majority, of both configurations if they are joint. */
    static boolean isMajority(RaftConfiguration configuration, Set<NodeId> some) {
        return voters(configuration).stream()
                .allMatch(voters -> 2 * voters.stream().filter(some::contains).count() > voters.size());
    }

    private static Set<NodeId> nodes(Collection<RaftPeer> peers) {
        return peers.stream().map(peer -> new NodeId(peer.getId().toString())).collect(Collectors.toUnmodifiableSet());
    }
}
