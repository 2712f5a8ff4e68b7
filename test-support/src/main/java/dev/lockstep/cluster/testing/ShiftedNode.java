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

/** A node as a process whose wall clock can be set while it runs: a file in its folder says how far it is off, and at which rate it goes. */
public final class ShiftedNode {

    private static final Path CLOCK = Path.of("clock");

    private ShiftedNode() {}

    /** The machine's clocks, the wall clock set to another time from which it goes on at its own rate. Thread-safe. */
    private static final class ShiftedTime implements Time {
        private static final long HEEDED_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

        private String set = "";
        private long setAtNanos;
        private long aheadMillis;
        private double rate = 1;
        private long looked = nanos() - HEEDED_AFTER_NANOS;

        @Override
        public synchronized long millis() {
            if (nanos() - looked >= HEEDED_AFTER_NANOS) {
                looked = nanos();
                heed(read());
            }
            long passed = TimeUnit.NANOSECONDS.toMillis(nanos() - setAtNanos);
            return Time.system().millis() + aheadMillis + (long) (passed * (rate - 1));
        }

        private void heed(String said) {
            if (!said.equals(set)) {
                set = said;
                setAtNanos = nanos();
                aheadMillis = Long.parseLong(said.split(" ")[0]);
                rate = Double.parseDouble(said.split(" ")[1]);
            }
        }

        private static String read() {
            try {
                return Files.readString(CLOCK);
            } catch (NoSuchFileException none) {
                return "0 1";
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public long nanos() {
            return Time.system().nanos();
        }
    }

    static void setClock(Path folder, Duration ahead, double rate) throws IOException {
        Path next = folder.resolve(CLOCK + ".next");
        Files.writeString(next, ahead.toMillis() + " " + rate);
        Files.move(next, folder.resolve(CLOCK), StandardCopyOption.ATOMIC_MOVE);
    }

    /** @param arguments as those of {@code NodeMain} */
    public static void main(String... arguments) throws Exception {
        Settings settings = SettingsReader.fromFile(Path.of(arguments[1]));
        Node node = new Node(settings, new ShiftedTime(), EventLoop.threaded("lockstep-node"), Duration.ZERO);
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
