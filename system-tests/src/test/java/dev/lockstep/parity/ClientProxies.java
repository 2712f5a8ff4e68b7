package dev.lockstep.parity;

import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.FrameCodec.Frame;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Stand between clients and nodes, one in front of each node, and can lose a reply together with the connection that it was to
 * come by. They put their own ports into what nodes tell of the cluster, so that a client never gets past them. Thread-safe.
 */
final class ClientProxies implements AutoCloseable {

    /** Decides what is lost. Called on many threads. */
    interface Loss {

        /**
         * A node has answered a request of a client, directly or through the node that passed it on; false loses the answer, and
         * then the connection is closed.
         */
        boolean arrives(NodeProcess node, Request request, Reply reply) throws Exception;

        /** A client asks. */
        default void asked(Request request) {}
    }

    private final Map<Integer, ServerSocket> listeners = new HashMap<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<String> reached = ConcurrentHashMap.newKeySet();
    private final List<NodeProcess> nodes;
    private final Loss loss;
    private volatile boolean closed;

    ClientProxies(List<NodeProcess> nodes, Loss loss) throws IOException {
        this.nodes = List.copyOf(nodes);
        this.loss = loss;
        for (NodeProcess node : nodes) {
            listeners.put(node.member().port(), new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        }
        nodes.forEach(node -> start(() -> accept(node)));
    }

    /** The URI of a client's CacheManager. */
    URI uri(String cluster) {
        return uri(cluster, nodes);
    }

    /** The URI of a client that knows only some of the nodes. */
    URI uri(String cluster, List<NodeProcess> some) {
        String servers = some.stream()
                .map(node -> "127.0.0.1:" + port(node.member().port()))
                .collect(Collectors.joining(","));
        return URI.create("lockstep://" + servers + "?cluster=" + cluster);
    }

    /** The nodes that clients have connected to, or tried to. */
    Set<String> reached() {
        return Set.copyOf(reached);
    }

    private int port(int ofNode) {
        return listeners.get(ofNode).getLocalPort();
    }

    private interface Work {
        void run() throws Exception;
    }

    private void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException ended) {
                // One end is gone.
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void accept(NodeProcess node) throws IOException {
        while (!closed) {
            Socket near = listeners.get(node.member().port()).accept();
            reached.add(node.member().id());
            start(() -> new Connection(node, near).open());
        }
    }

    private final class Connection {

        private final NodeProcess node;
        private final Socket near;
        private final Socket far = new Socket();
        private final Map<Long, Request> requests = new ConcurrentHashMap<>();

        Connection(NodeProcess node, Socket near) {
            this.node = node;
            this.near = near;
            open.add(near);
            open.add(far);
        }

        void open() throws Exception {
            try {
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                far.connect(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), node.member().port()));
                start(this::requests);
                replies();
            } finally {
                end();
            }
        }

        private void requests() throws IOException {
            try {
                DataInputStream in = new DataInputStream(near.getInputStream());
                while (true) {
                    byte[] body = in.readNBytes(in.readInt());
                    Frame<Request> frame = FrameCodec.decodeRequest(body);
                    requests.put(frame.correlationId(), frame.message());
                    loss.asked(passedOn(frame.message()));
                    write(far, body);
                }
            } finally {
                end();
            }
        }

        private void replies() throws Exception {
            DataInputStream in = new DataInputStream(far.getInputStream());
            while (true) {
                byte[] body = in.readNBytes(in.readInt());
                Frame<Reply> frame = FrameCodec.decodeReply(body);
                Request request = requests.get(frame.correlationId());
                if (request == null || !loss.arrives(answering(request), passedOn(request), frame.message())) {
                    return;
                }
                if (frame.message() instanceof Reply.Cluster cluster) {
                    near.getOutputStream()
                            .write(FrameCodec.encode(
                                    frame.correlationId(), new Reply.Cluster(behindProxies(cluster.view()))));
                } else {
                    write(near, body);
                }
            }
        }

        private NodeProcess answering(Request request) {
            return request instanceof Request.PassOn passOn
                    ? nodes.stream()
                            .filter(other ->
                                    other.member().id().equals(passOn.to().name()))
                            .findFirst()
                            .orElseThrow()
                    : node;
        }

        private static Request passedOn(Request request) {
            return request instanceof Request.PassOn passOn ? passOn.request() : request;
        }

        private void write(Socket to, byte[] body) throws IOException {
            byte[] frame = new byte[Integer.BYTES + body.length];
            ByteBuffer.wrap(frame).putInt(body.length).put(body);
            to.getOutputStream().write(frame);
        }

        private void end() throws IOException {
            open.remove(near);
            open.remove(far);
            near.close();
            far.close();
        }
    }

    private ClusterView behindProxies(ClusterView view) {
        return new ClusterView(
                view.cluster(),
                view.members().stream()
                        .map(member -> new Member(member.id(), "127.0.0.1", port(member.port())))
                        .toList(),
                view.map(),
                view.leaders());
    }

    @Override
    public void close() {
        closed = true;
        try {
            for (ServerSocket listener : listeners.values()) {
                listener.close();
            }
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
