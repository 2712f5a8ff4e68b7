package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.node.Node;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A node as a process whose wall clock can be set while it runs: it is off by what a file in its folder says. */
public final class ShiftedNode {

    private static final Path OFFSET = Path.of("clock-offset");

    private ShiftedNode() {}

    /** The machine's clocks, the wall clock shifted. Thread-safe. */
    private static final class ShiftedTime implements Time {
        private static final long HEEDED_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

        private long offset;
        private long looked = nanos() - HEEDED_AFTER_NANOS;

        @Override
        public synchronized long millis() {
            if (nanos() - looked >= HEEDED_AFTER_NANOS) {
                looked = nanos();
                offset = read();
            }
            return Time.system().millis() + offset;
        }

        private static long read() {
            try {
                return Long.parseLong(Files.readString(OFFSET));
            } catch (NoSuchFileException none) {
                return 0;
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public long nanos() {
            return Time.system().nanos();
        }
    }

    static void shift(Path folder, Duration offset) throws IOException {
        Path next = folder.resolve(OFFSET + ".next");
        Files.writeString(next, Long.toString(offset.toMillis()));
        Files.move(next, folder.resolve(OFFSET), StandardCopyOption.ATOMIC_MOVE);
    }

    /** @param arguments as those of {@code NodeMain} */
    public static void main(String... arguments) throws Exception {
        Settings settings = SettingsReader.fromFile(Path.of(arguments[1]));
        Node node = new Node(settings, new ShiftedTime(), EventLoop.threaded("lockstep-node"));
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            node.close();
            ended.countDown();
        }));
        while (!node.awaitReady(Duration.ofSeconds(10))) {
            System.out.println("Lockstep node " + node.member().id() + " waits for a majority");
        }
        System.out.println("Lockstep node " + node.member().id() + " ready on "
                + node.member().port());
        ended.await();
    }
}
