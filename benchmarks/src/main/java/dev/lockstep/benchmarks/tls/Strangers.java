package dev.lockstep.benchmarks.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Connections from one address that never log in: each sends a byte now and then, and is opened anew when the node has closed it. Used by one
 * thread, its own.
 */
final class Strangers implements AutoCloseable {

    private static final InetSocketAddress FROM = new InetSocketAddress("127.0.0.2", 0);
    private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

    private final InetSocketAddress node;
    private final @Nullable SocketChannel[] connections;
    private final Thread thread;
    private volatile boolean over;

    /** @param number of connections that are tried to keep, one a millisecond */
    Strangers(InetSocketAddress node, int number) {
        this.node = node;
        this.connections = new SocketChannel[number];
        this.thread = new Thread(this::bother, "strangers");
        thread.setDaemon(true);
        thread.start();
    }

    private void bother() {
        for (int next = 0; !over; next = (next + 1) % connections.length) {
            connections[next] = botherOn(connections[next]);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        for (SocketChannel connection : connections) {
            close(connection);
        }
    }

    /** @return the connection, or the one that was opened in its place; null if that was refused */
    private @Nullable SocketChannel botherOn(@Nullable SocketChannel connection) {
        try {
            if (connection != null && connection.read(ByteBuffer.allocate(1)) == 0) {
                connection.write(ByteBuffer.wrap(new byte[] {0x16}));
                return connection;
            }
        } catch (IOException reset) {
            // As if it had been closed.
        }
        close(connection);
        try {
            SocketChannel another = SocketChannel.open();
            another.bind(FROM);
            another.connect(node);
            another.configureBlocking(false);
            return another;
        } catch (IOException refused) {
            return null;
        }
    }

    private static void close(@Nullable SocketChannel connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (IOException closed) {
            // There is nothing left to do for it.
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join();
    }
}
