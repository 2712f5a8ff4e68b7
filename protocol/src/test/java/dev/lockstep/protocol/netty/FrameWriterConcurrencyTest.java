package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.concurrency.Race;
import dev.lockstep.protocol.runtime.Burst;
import dev.lockstep.protocol.tls.Credentials;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Frames from many threads at once, to a reader that is slow and a socket that takes little: each frame arrives whole and once,
 * those of one thread in their order, and nothing is counted as waiting at the end.
 */
@Tag("slow")
class FrameWriterConcurrencyTest {

    private static final int THREADS = 4;
    private static final int SMALL = 24;
    private static final int LARGE = 48 << 10;
    private static final int SOCKET_BYTES = 8 << 10;
    private static final int PATIENCE_MILLIS = 20_000;

    @TempDir
    static Path folder;

    private static EventLoopGroup loops;
    private static ServerSocket listening;

    @BeforeAll
    static void listen() throws IOException {
        loops = Transport.loops("frame-writer-test", 1);
        listening = new ServerSocket();
        listening.setReceiveBufferSize(SOCKET_BYTES);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterAll
    static void close() throws IOException {
        listening.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Writers of one connection, and its reader. */
    private static class Writers implements Race.Round {

        private final int[] written = new int[THREADS];
        private final AtomicInteger total = new AtomicInteger();
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        private final Socket accepted;
        private final Socket reader;
        private final DirectSocket channel;
        private final FrameWriter writer;

        /** @param keys of both ends; null for no encryption */
        Writers(@Nullable Credentials keys) {
            try {
                channel = (DirectSocket) new Bootstrap()
                        .group(loops)
                        .channelFactory(DirectSocket::new)
                        .option(ChannelOption.SO_SNDBUF, SOCKET_BYTES)
                        .handler(new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel created) {
                                if (keys != null) {
                                    new Tls(() -> keys, false).connect(created, "127.0.0.1", listening.getLocalPort());
                                }
                            }
                        })
                        .connect(listening.getLocalSocketAddress())
                        .syncUninterruptibly()
                        .channel();
                accepted = listening.accept();
                accepted.setSoTimeout(PATIENCE_MILLIS);
                reader = keys == null ? accepted : decrypted(accepted, keys);
            } catch (IOException | GeneralSecurityException failure) {
                throw new IllegalStateException(failure);
            }
            if (keys != null) {
                channel.pipeline().get(SslHandler.class).handshakeFuture().syncUninterruptibly();
            }
            writer = new FrameWriter(channel);
        }

        /** The other end is the JDK's blocking one. */
        private static Socket decrypted(Socket accepted, Credentials keys)
                throws IOException, GeneralSecurityException {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {keys.keys()}, new TrustManager[] {keys.trust()}, null);
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(accepted, null, true);
            socket.setUseClientMode(false);
            socket.setNeedClientAuth(true);
            socket.startHandshake();
            return socket;
        }

        /** A length, a thread, its count, and the count again in every byte. */
        final void write(int thread, int bytes) {
            written[thread]++;
            ByteBuffer frame =
                    ByteBuffer.allocate(bytes).putInt(bytes - 4).putInt(thread).putInt(written[thread]);
            Arrays.fill(frame.array(), 12, bytes, (byte) written[thread]);
            writer.write(frame.array());
            total.incrementAndGet();
        }

        /** Waits so that the next frame finds the connection idle. */
        private static void pause() {
            LockSupport.parkNanos(100_000);
        }

        private List<Runnable> lane(int thread) {
            return List.of(
                    () -> write(thread, SMALL),
                    () -> write(thread, SMALL),
                    () -> Burst.run(() -> {
                        write(thread, SMALL);
                        write(thread, LARGE);
                    }),
                    Writers::pause);
        }

        /** Reads the bytes that have arrived, or a part of them. */
        private void read() {
            try {
                if (accepted.getInputStream().available() > 0) {
                    byte[] some = new byte[LARGE];
                    int length = reader.getInputStream().read(some);
                    heard.write(some, 0, Math.max(0, length));
                }
            } catch (IOException lost) {
                throw new UncheckedIOException(lost);
            }
        }

        @Override
        public List<List<Runnable>> lanes() {
            return List.of(lane(0), lane(1), lane(2), lane(3), List.of(this::read, this::read, Writers::pause));
        }

        @Override
        public void validate() {
            try (Socket closed = reader) {
                DataInputStream in = new DataInputStream(new SequenceInputStream(
                        new ByteArrayInputStream(heard.toByteArray()), closed.getInputStream()));
                int[] read = new int[THREADS];
                for (int i = 0; i < total.get(); i++) {
                    judge(in.readNBytes(in.readInt()), read);
                }
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
                while (writer.waitingBytes() != 0) {
                    if (System.nanoTime() - end > 0) {
                        throw new IllegalStateException(
                                writer.waitingBytes() + " bytes are left, and all have arrived");
                    }
                    Thread.onSpinWait();
                }
            } catch (IOException lost) {
                throw new IllegalStateException("A frame of " + Arrays.toString(written) + " has not come", lost);
            } finally {
                channel.close().syncUninterruptibly();
            }
        }

        private static void judge(byte[] body, int[] read) {
            ByteBuffer frame = ByteBuffer.wrap(body);
            int thread = frame.getInt();
            int count = frame.getInt();
            read[thread]++;
            if (read[thread] != count) {
                throw new IllegalStateException(
                        "Thread " + thread + "'s frame " + count + " came as its " + read[thread]);
            }
            while (frame.hasRemaining()) {
                if (frame.get() != (byte) count) {
                    throw new IllegalStateException(
                            "Thread " + thread + "'s frame " + count + " came with other bytes");
                }
            }
        }

        final boolean isWaiting() {
            return writer.waitingBytes() != 0;
        }
    }

    /** Ends each round with no further frame, which would take along one that was left behind. */
    private static final class OneByOne extends Writers {

        OneByOne(@Nullable Credentials keys) {
            super(keys);
        }

        private void writeAndAwait(int thread) {
            write(thread, SMALL);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
            while (isWaiting()) {
                if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("A frame is left behind");
                }
                Thread.onSpinWait();
            }
        }

        @Override
        public List<List<Runnable>> lanes() {
            return List.of(List.of(() -> writeAndAwait(0)), List.of(() -> writeAndAwait(1)));
        }
    }

    @Test
    void threads() throws Exception {
        Race.run(() -> new Writers(null));
    }

    @Test
    void noFrameIsLeftBehind() throws Exception {
        Race.run(() -> new OneByOne(null));
    }

    @Test
    void encryptedByThreads() throws Exception {
        Credentials keys = new Certificates(folder).credentials("n1");
        Race.run(() -> new Writers(keys));
    }

    @Test
    void noEncryptedFrameIsLeftBehind() throws Exception {
        Credentials keys = new Certificates(folder).credentials("n1");
        Race.run(() -> new OneByOne(keys));
    }
}
