package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that can be configured, checked. With a {@code node} the JVM runs a node; with {@code servers} it is a client
 * of the nodes named; with neither it holds a single node in memory.
 *
 * @param cluster name that both ends of a connection must agree on
 * @param node this JVM's node
 * @param members all nodes of the cluster, fixed when it is first formed; empty for a single node
 * @param shards fixed when the cluster is first formed
 * @param replicationFactor replicas of each shard, or the number of members if they are fewer
 * @param insecure the operator knows that there is neither authentication nor encryption; needed to bind to anything but
 *     loopback
 * @param caches templates by name pattern, in order: the first that matches a cache's name holds; {@code *} stands for any
 *     characters
 */
public record Settings(
        String cluster,
        Optional<NodeSettings> node,
        List<Member> members,
        ClientSettings client,
        int shards,
        int replicationFactor,
        boolean insecure,
        LimitSettings limits,
        Map<String, CacheSettings> caches) {

    /**
     * @param id one of the members
     * @param data what the node keeps
     * @param raftLog where the Raft logs are kept: in {@code data}, or elsewhere
     * @param store where the entries of its shards are
     * @param durability when a write is in the Raft log for good
     * @param checkpointEntries entries of a shard's log after which a checkpoint of it is taken
     * @param checkpointInterval time after which one is taken, if there was any entry
     * @param maxStaleness how long a replica answers session reads while out of touch with its leader
     * @param electionTimeout shortest time without a leader before an election; the longest is twice that
     */
    public record NodeSettings(
            NodeId id,
            Path data,
            Path raftLog,
            Store store,
            Durability durability,
            int checkpointEntries,
            Duration checkpointInterval,
            Duration maxStaleness,
            Duration electionTimeout) {

        /** What a node keeps its entries in. */
        public enum Store {
            HEAP,
            ROCKSDB
        }
    }

    /** What a node has done with a write before it counts as written there. */
    public enum Durability {
        /** Handed it to the operating system, and syncs it in the background: what was acknowledged outlives the processes. */
        PROCESS,
        /** Synced it to the disk: what was acknowledged outlives the machines' power. */
        DISK
    }

    /**
     * @param servers addresses to start from, as {@code host:port}; empty when embedded
     * @param timeout deadline of an operation, retries included
     * @param connectTimeout deadline of one connection attempt
     */
    public record ClientSettings(List<String> servers, Duration timeout, Duration connectTimeout) {}

    /**
     * @param maxFrameBytes largest frame, and so largest request or reply
     * @param maxInFlight requests that one connection, and one shard's queue, may have waiting before the next is refused
     *     as busy
     */
    public record LimitSettings(int maxFrameBytes, int maxInFlight) {}

    /**
     * What a cache gets unless its JCache configuration says otherwise.
     *
     * @param maxEntries bound for the whole cluster; 0 for none
     * @param consistency {@code session} or {@code strong}
     * @param timeToLive lifetime after creation or update
     * @param timeToIdle lifetime after creation, update or read
     */
    public record CacheSettings(
            long maxEntries, String consistency, Optional<Duration> timeToLive, Optional<Duration> timeToIdle) {}

    /** Says what a duration lacks that is a number alone, in whatever form it was configured. */
    public static String withoutUnit(String number) {
        return "\"" + number + "\" has no unit: write " + number + "ms, " + number + "s, " + number + "m, " + number
                + "h or " + number + "d";
    }
}
