package dev.lockstep.cluster.consensus;

import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Remembers what it has applied; answers with the entry itself, at the position it was applied at. Fails when its log does not
 * keep to what {@link LogMachine} asks of it.
 */
public final class RecordingMachine implements BytesMachine<RecordingMachine.Entry> {

    /** @param text the first hundred characters of the entry */
    public record Entry(long position, int bytes, String text) {}

    /** An entry that begins so makes the machine fail. */
    public static final String POISON = "poison";
    /** An entry that begins so is said to take long. */
    public static final String LONG = "long";

    private final List<Entry> applied = new CopyOnWriteArrayList<>();
    private final List<String> threads = new CopyOnWriteArrayList<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean held;
    private volatile int capacity = Integer.MAX_VALUE;
    private final AtomicInteger restored = new AtomicInteger();
    private final AtomicInteger imagesTaken = new AtomicInteger();
    private final AtomicInteger imagesOpen = new AtomicInteger();
    private volatile long reached = -1;
    private final AtomicInteger leadershipChanges = new AtomicInteger();

    /** Makes it wait before it applies anything more. */
    public void holdUntil(CountDownLatch opened) {
        gate = opened;
    }

    /** Returns whether it waits. */
    public boolean isHeld() {
        return held;
    }

    private void await(CountDownLatch opened) {
        try {
            held = opened.getCount() > 0;
            opened.await();
            held = false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Makes it fail at the entry that would be its {@code count}th. */
    public void failFrom(int count) {
        capacity = count - 1;
    }

    @Override
    public Entry apply(long position, byte[] entry) {
        await(gate);
        if (position <= reached) {
            throw new IllegalStateException("Position " + position + " comes after " + reached);
        }
        String text = new String(entry, 0, Math.min(100, entry.length), StandardCharsets.UTF_8);
        if (text.startsWith(POISON) || applied.size() >= capacity) {
            throw new IllegalStateException("The machine was told to fail at " + position);
        }
        Entry added = new Entry(position, entry.length, text);
        applied.add(added);
        threads.add(Thread.currentThread().getName());
        reached = position;
        return added;
    }

    @Override
    public boolean takesLong(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString().startsWith(LONG);
    }

    @Override
    public Image image() {
        if (!imagesOpen.compareAndSet(0, 1)) {
            throw new IllegalStateException("There is an image that has not been closed");
        }
        imagesTaken.incrementAndGet();
        List<Entry> all = applied();
        return new Image() {
            private boolean closed;

            @Override
            public void forEach(Consumer<byte[]> record) {
                all.forEach(entry -> record.accept(new WireWriter(64)
                        .varint(entry.position())
                        .varint(entry.bytes())
                        .string(entry.text())
                        .toByteArray()));
            }

            @Override
            public synchronized void close() {
                if (!closed) {
                    closed = true;
                    imagesOpen.decrementAndGet();
                }
            }
        };
    }

    @Override
    public Restoration restoration() {
        List<Entry> anew = new ArrayList<>();
        return new Restoration() {
            @Override
            public void record(byte[] record) {
                WireReader in = new WireReader(record);
                anew.add(new Entry(in.varint(), in.size(), in.string()));
            }

            @Override
            public void done(long position) {
                if (position < reached) {
                    throw new IllegalStateException("A checkpoint at " + position + " comes after " + reached);
                }
                reached = position;
                applied.clear();
                applied.addAll(anew);
                restored.incrementAndGet();
            }
        };
    }

    /** Returns the number of images that were taken of it so far. */
    public int imagesTaken() {
        return imagesTaken.get();
    }

    public boolean isImageOpen() {
        return imagesOpen.get() > 0;
    }

    /** Counts how often a checkpoint has taken the place of its state. */
    public int restored() {
        return restored.get();
    }

    @Override
    public void leadershipChanged() {
        leadershipChanges.incrementAndGet();
    }

    public List<Entry> applied() {
        return List.copyOf(applied);
    }

    /** Returns the name of the thread that applied each entry, in order, since it was started. */
    public List<String> threads() {
        return List.copyOf(threads);
    }

    public List<String> texts() {
        return applied.stream().map(Entry::text).toList();
    }

    public int leadershipChanges() {
        return leadershipChanges.get();
    }
}
