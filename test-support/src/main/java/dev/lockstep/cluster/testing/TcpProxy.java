package dev.lockstep.cluster.testing;

import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Request;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A proxy of a port on loopback, which passes bytes on until it is told to disturb them. Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {

    /** The treatment of bytes that pass through. */
    public enum Mode {
        PASS,
        /** Connections are closed, and closed again when they come back: a process that is gone. */
        CUT,
        /** Likewise those of applications; nodes go on. */
        CUT_APPLICATIONS,
        /** Nothing comes through and nothing is lost, as by packets that are dropped: it arrives after {@link #PASS}. */
        SILENT,
        /** Likewise for requests only. */
        SILENT_REQUESTS,
        /** Likewise for replies only. */
        SILENT_REPLIES,
        /** Requests come through, replies vanish. */
        DROP_REPLIES
    }

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> applications = ConcurrentHashMap.newKeySet();
    private final Set<Socket> late = ConcurrentHashMap.newKeySet();
    private Mode mode = Mode.PASS;
    private Duration delay = Duration.ZERO;
    private boolean closed;

    /** @param target a port on loopback, where no process need listen yet */
    public TcpProxy(int target) throws IOException {
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.target = target;
        start("accept", this::accept);
    }

    /** The port to connect to instead of the target. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Sets the mode from now on; connections from which something was taken, or that are cut, are closed. */
    public synchronized void set(Mode changed) {
        boolean damaged = mode == Mode.DROP_REPLIES || changed == Mode.CUT;
        mode = changed;
        late.clear();
        if (damaged) {
            open.forEach(TcpProxy::close);
        } else if (changed == Mode.CUT_APPLICATIONS) {
            applications.forEach(TcpProxy::close);
        }
        notifyAll();
    }

    /**
     * Keeps back what is sent over connections that are open now, until a mode is set: it arrives then, also of connections that were
     * given up meanwhile. New ones work.
     */
    public synchronized void keepBack() {
        late.addAll(open);
    }

    /** Holds every piece of a request, and every piece of a reply, that long before it goes on. */
    public synchronized void delay(Duration each) {
        delay = each;
    }

    private void accept() {
        while (true) {
            try {
                connect(listener.accept());
            } catch (IOException failure) {
                if (listener.isClosed()) {
                    return;
                }
            }
        }
    }

    private void connect(Socket near) throws IOException {
        Socket far = new Socket();
        open.add(near);
        open.add(far);
        try {
            if (isCut()) {
                throw new IOException("The connection is cut");
            }
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 1_000);
        } catch (IOException failure) {
            end(near, far);
            return;
        }
        start("requests", () -> pump(near, far, false));
        start("replies", () -> pump(far, near, true));
    }

    private synchronized boolean isCut() {
        return closed || mode == Mode.CUT;
    }

    private void pump(Socket from, Socket to, boolean replies) {
        byte[] buffer = new byte[64 << 10];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            boolean introduced = replies;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (!introduced && isHelloOfApplication(ByteBuffer.wrap(buffer, 0, count))) {
                    applicationConnected(from);
                }
                introduced = true;
                if (mayPass(from, replies)) {
                    out.write(buffer, 0, count);
                }
            }
        } catch (IOException ended) {
            // One end is gone, so the other shall be.
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            end(from, to);
        }
    }

    /** Tells an application from a node by its first frame. Neither is what comes in pieces or encrypted. */
    private static boolean isHelloOfApplication(ByteBuffer first) {
        if (first.remaining() < Integer.BYTES
                || first.getInt(0) < 0
                || first.getInt(0) > first.remaining() - Integer.BYTES) {
            return false;
        }
        byte[] frame = new byte[first.getInt()];
        first.get(frame);
        try {
            return FrameCodec.decodeRequest(frame).message() instanceof Request.Hello hello && hello.node() == null;
        } catch (MalformedFrameException encrypted) {
            return false;
        }
    }

    private synchronized void applicationConnected(Socket near) throws IOException {
        applications.add(near);
        if (mode == Mode.CUT_APPLICATIONS) {
            throw new IOException("The connection is cut");
        }
    }

    private boolean mayPass(Socket from, boolean replies) throws InterruptedException {
        long millis = delay().toMillis();
        if (millis > 0) {
            Thread.sleep(millis);
        }
        synchronized (this) {
            while ((isSilent(replies) || (!replies && late.contains(from))) && !closed) {
                wait();
            }
            return !(replies && mode == Mode.DROP_REPLIES);
        }
    }

    private synchronized boolean isSilent(boolean replies) {
        return mode == Mode.SILENT || mode == (replies ? Mode.SILENT_REPLIES : Mode.SILENT_REQUESTS);
    }

    private synchronized Duration delay() {
        return delay;
    }

    private void start(String name, Runnable work) {
        Thread thread = new Thread(work, "proxy-" + port() + "-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void end(Socket near, Socket far) {
        open.remove(near);
        open.remove(far);
        applications.remove(near);
        applications.remove(far);
        close(near);
        close(far);
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        close(listener);
        open.forEach(TcpProxy::close);
        notifyAll();
    }
}
