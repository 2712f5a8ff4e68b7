package dev.lockstep.cli;

import dev.lockstep.cluster.node.Node;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.LeaseGrant;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.session.WriteResult;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Starts nodes of its own on loopback, asks for the state of their replicas, and exits: a JVM that archives the classes it has
 * loaded then has those that the start of a node needs. Argument: writes that the nodes serve before (0), for a JVM that also records
 * which methods are hot. One node starts if there are none, else three. Exits with 1 if a node is not ready in time.
 */
public final class ClassRecording {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String CLUSTER = "recording";
    private static final int TOGETHER = 32;
    private static final Bytes VALUE = Bytes.utf8("v".repeat(100));

    private ClassRecording() {}

    public static void main(String[] arguments) throws Exception {
        ProcessLog.configure();
        System.exit(record(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0) ? 0 : 1);
    }

    /** @return whether the nodes were ready and have answered */
    private static boolean record(int writes) throws Exception {
        Path folder = Files.createTempDirectory("lockstep-recording");
        LoopbackCluster cluster = LoopbackCluster.of(CLUSTER, freePorts(writes == 0 ? 1 : 3));
        List<Node> nodes = new ArrayList<>();
        try {
            for (Member member : cluster.members()) {
                nodes.add(node(folder, member.id(), cluster));
            }
            for (Node node : nodes) {
                if (!node.awaitReady(PATIENCE)) {
                    return false;
                }
            }
            if (writes > 0) {
                serve(cluster, writes);
            }
            PrintWriter out = new PrintWriter(Writer.nullWriter());
            String[] status = {"shard", "status", "--servers", cluster.servers(), "--cluster", CLUSTER};
            return CliMain.run(status, out, out) == 0;
        } finally {
            nodes.forEach(Node::close);
        }
    }

    private static Node node(Path folder, NodeId id, LoopbackCluster cluster) throws IOException {
        String settings = cluster.configuration(id, id.name(), false) + "shards: "
                + cluster.members().size() + "\n";
        Path config = Files.writeString(folder.resolve(id + ".yaml"), settings);
        return new Node(
                SettingsReader.fromFile(config), Time.system(), EventLoop.threaded("lockstep-node"), Duration.ZERO);
    }

    /** Writes, reads and updates under leases, one at a time and many together. */
    private static void serve(LoopbackCluster cluster, int writes) throws Exception {
        EventLoop loop = EventLoop.threaded("lockstep-client");
        try (NettyLinks links = new NettyLinks(CLUSTER, null, Duration.ofSeconds(2), 1_000);
                Session session = new SessionFactory(links, PATIENCE, Time.system(), loop, Entropy.system())
                        .client(cluster.addresses())) {
            int cache = get(session.createCache(
                            new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION)))
                    .id();
            for (int write = 0; write < writes; write += TOGETHER + 2) {
                Bytes key = key(write);
                get(session.write(cache, put(key), LeaseId.NONE));
                get(session.get(cache, key, Consistency.SESSION));
                LeaseGrant lease = get(session.readForUpdate(cache, key));
                get(session.write(cache, put(key), lease.id()));
                List<CompletableFuture<WriteResult>> together = new ArrayList<>();
                for (int other = 0; other < TOGETHER; other++) {
                    together.add(session.write(cache, put(key(write + other)), LeaseId.NONE));
                }
                for (CompletableFuture<WriteResult> one : together) {
                    get(one);
                }
            }
        } finally {
            loop.close();
        }
    }

    private static Bytes key(int number) {
        return Bytes.utf8("customer:" + number % 1_000);
    }

    private static Mutation put(Bytes key) {
        return Mutation.put(key, VALUE, Condition.ANY);
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                ports.add(socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
        return ports;
    }
}
