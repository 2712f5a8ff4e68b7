package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.topology.Formation;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything that can be configured, checked. With a {@code node} the JVM runs a node; with {@code servers} it is a client
 * of the nodes named; with neither it holds a single node in memory.
 *
 * @param cluster name that both ends of a connection must agree on
 * @param node this JVM's node
 * @param nodes all nodes of the cluster when it is first formed; after that nodes to find it by, this one among them. Empty
 *     for a single node
 * @param shards fixed when the cluster is first formed
 * @param replicationFactor replicas of each shard, or the number of members if they are fewer
 * @param replaceAfter how long a node has not answered when its replicas are placed on others; empty for never
 * @param tls the encryption of connections, with certificates on both ends; empty for none
 * @param insecure the operator knows that there is neither authentication nor encryption; needed without {@code tls} to bind to
 *     anything but loopback
 * @param caches templates by name pattern, in order: the first that matches a cache's name holds; {@code *} stands for any
 *     characters
 * @param places where what was set is set, by key, as file and line
 */
public record Settings(
        String cluster,
        Optional<NodeSettings> node,
        List<Layout.Node> nodes,
        ClientSettings client,
        int shards,
        int replicationFactor,
        Optional<Duration> replaceAfter,
        Optional<TlsSettings> tls,
        boolean insecure,
        LimitSettings limits,
        Map<String, CacheSettings> caches,
        Map<String, String> places) {

    private static final int MAX_FACT = 2_000;

    /**
     * @param id one of the members
     * @param data what the node keeps
     * @param raftLogFolder where the Raft logs are kept: in {@code data}, or elsewhere
     * @param raftLog which implementation writes them; their files are the same
     * @param store where the entries of its shards are
     * @param durability when a write is in the Raft log for good
     * @param checkpointEntries entries of a shard's log after which a checkpoint of it is taken
     * @param checkpointInterval time after which one is taken, if there was any entry
     * @param maxStaleness how long a replica answers session reads while out of touch with its leader
     * @param electionTimeout shortest time without a leader before an election; the longest is twice that
     * @param slowRequest the time from which on a request is logged as slow; empty for never
     * @param admin where meters and health are asked for over HTTP; empty for nowhere
     */
    public record NodeSettings(
            NodeId id,
            Path data,
            Path raftLogFolder,
            RaftLogKind raftLog,
            Store store,
            Durability durability,
            int checkpointEntries,
            Duration checkpointInterval,
            Duration maxStaleness,
            Duration electionTimeout,
            Optional<Duration> slowRequest,
            Optional<AdminAddress> admin) {

        /** The storage engine of a node. */
        public enum Store {
            HEAP,
            ROCKSDB
        }
    }

    /**
     * The address at which a node listens for those who look after it.
     *
     * @param port 0 for any that is free
     */
    public record AdminAddress(String host, int port) {

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /** The implementation of a node's Raft logs. */
    public enum RaftLogKind {
        /** Written by the thread that appends, and synced by one thread of the node. */
        DIRECT,
        /** Ratis' own: two threads for each log, one that writes and one that syncs. */
        RATIS
    }

    /** The point at which a write counts as persisted on a node. */
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
     * @param routing how requests reach the nodes that answer them
     * @param user as whom the client logs in; empty if its certificate says who it is
     * @param password of the user; present with it alone
     */
    public record ClientSettings(
            List<String> servers,
            Duration timeout,
            Duration connectTimeout,
            ClientRouting routing,
            Optional<String> user,
            Optional<Secret> password) {}

    /** The way of a client's requests to the nodes that answer them. */
    public enum ClientRouting {
        /** The client connects to every node. */
        DIRECT,
        /** The client connects to the servers in its settings alone; the one that it is connected with passes requests on. */
        GATEWAY
    }

    /**
     * @param maxFrameBytes largest frame, and so largest request or reply
     * @param maxInFlight requests that one connection, and one shard's queue, may have waiting before the next is refused
     *     as busy
     * @param memory of the JVM's heap that its entries may take
     * @param rates of clients
     * @param catchUp of replicas that are far behind
     */
    public record LimitSettings(int maxFrameBytes, int maxInFlight, MemoryLimit memory, Rates rates, CatchUp catchUp) {}

    /**
     * The bytes that nodes fetch of checkpoints in a second, and that they send of entries to replicas that are far behind.
     *
     * @param nodeBytes of each node
     * @param clusterBytes of all nodes together, each with an equal share; 0 for no limit
     */
    public record CatchUp(long nodeBytes, long clusterBytes) {

        /** As it is unless it is set. */
        public static final CatchUp DEFAULT = new CatchUp(64 << 20, 0);

        @Override
        public String toString() {
            return "catch-up-bytes " + nodeBytes + ", cluster-catch-up-bytes "
                    + (clusterBytes == 0 ? "none" : clusterBytes);
        }
    }

    /**
     * The requests and bytes that a node takes from clients in a second.
     *
     * @param client of each
     * @param cache for each
     * @param node in all
     */
    public record Rates(Rate client, Rate cache, Rate node) {

        /** As much as comes. */
        public static final Rates UNLIMITED = new Rates(Rate.UNLIMITED, Rate.UNLIMITED, Rate.UNLIMITED);

        @Override
        public String toString() {
            return client.words("client") + ", " + cache.words("cache") + ", " + node.words("node");
        }

        /** Tells whether there is any limit. */
        public boolean isLimited() {
            return !equals(UNLIMITED);
        }
    }

    /**
     * A number a second of each; 0 for no limit.
     *
     * @param bytes of keys and values
     */
    public record Rate(long requests, long bytes) {

        private static final Rate UNLIMITED = new Rate(0, 0);

        private String words(String of) {
            return of + "-requests " + (requests == 0 ? "none" : requests) + ", " + of + "-bytes "
                    + (bytes == 0 ? "none" : bytes);
        }
    }

    /**
     * A part of a JVM's heap.
     *
     * @param bytes 0 for a share
     * @param percent of the heap; 0 for bytes
     */
    public record MemoryLimit(long bytes, int percent) {

        /** The rest is for what a node does with its entries. */
        public static final int MAX_PERCENT = 80;

        /** Returns the bytes that it is of a heap. */
        public long of(long heapBytes) {
            return percent == 0 ? bytes : heapBytes / 100 * percent;
        }

        /** Returns the most that it may be of a heap. */
        public static long most(long heapBytes) {
            return heapBytes / 100 * MAX_PERCENT;
        }

        @Override
        public String toString() {
            return percent == 0 ? (bytes >> 20) + "MiB" : percent + "%";
        }
    }

    /** The same, wherever it is set. */
    public Settings withoutPlaces() {
        return new Settings(
                cluster,
                node,
                nodes,
                client,
                shards,
                replicationFactor,
                replaceAfter,
                tls,
                insecure,
                limits,
                caches,
                Map.of());
    }

    /** Where the nodes of the cluster are reached. */
    public List<Member> members() {
        return nodes.stream().map(Layout.Node::member).toList();
    }

    /**
     * The facts about its cluster that a node tells others once the cluster is formed: its members may be others by then, and its layout
     * says how many shards it has.
     *
     * @param clusterId see {@link Layout#clusterId}
     */
    public Formation ofFormedCluster(long clusterId) {
        return formation()
                .without(Set.of("members", "addresses", "shards"))
                .with(new Formation.Fact(
                        "cluster-id",
                        HexFormat.of().toHexDigits(clusterId),
                        "drawn when its cluster was formed",
                        true));
    }

    /** The facts about its cluster that a node tells others while the cluster is being formed. */
    public Formation formation() {
        return new Formation(List.of(
                fact("members", joined(nodes.stream().map(member -> member.id().name())), true),
                fact("shards", Integer.toString(shards), true),
                fact("replication-factor", Integer.toString(replicationFactor), true),
                new Formation.Fact(
                        "addresses",
                        joined(nodes.stream().map(Settings::described)),
                        places.getOrDefault("members", ""),
                        false),
                fact("caches", caches.isEmpty() ? "none" : caches.toString(), false)));
    }

    private static String described(Layout.Node node) {
        return node.member() + (node.zone().isEmpty() ? "" : " in zone " + node.zone());
    }

    private Formation.Fact fact(String key, String value, boolean fixed) {
        return new Formation.Fact(key, shortened(value), places.getOrDefault(key, ""), fixed);
    }

    /** A handshake has room for some 60 KiB. */
    private static String shortened(String value) {
        return value.length() <= MAX_FACT
                ? value
                : value.substring(0, MAX_FACT) + "… and more, #" + Integer.toHexString(value.hashCode());
    }

    private static String joined(Stream<String> parts) {
        return parts.sorted().collect(Collectors.joining(", "));
    }

    /** Says what a duration lacks that is a number alone, in whatever form it was configured. */
    public static String withoutUnit(String number) {
        return "\"" + number + "\" has no unit: write " + number + "ms, " + number + "s, " + number + "m, " + number
                + "h or " + number + "d";
    }
}
