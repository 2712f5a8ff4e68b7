package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.checkpoint.CheckpointFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Files of a replica on a simulated disk, which outlive it. Contents and names that were not synced may be lost at a
 * power cut: all of it, or what came last. A disk may be full, may turn a bit before it syncs, and the node may end
 * between two steps.
 */
final class SimulatedFiles implements CheckpointFiles {

    private final World world;
    private final Perils perils;
    private final List<TreeMap<String, Contents>> names = new ArrayList<>();
    private boolean dead;

    /**
     * The faults that may happen.
     *
     * @param flipped share of files in which a bit is turned before they are synced
     * @param full whether there is no room at the moment
     * @param ends whether the node ends here
     */
    record Perils(double flipped, BooleanSupplier full, BooleanSupplier ends) {}

    /** The contents of a file, which may have several names in the course of time. */
    private static final class Contents {
        private byte[] bytes = new byte[0];
        private int synced;
    }

    SimulatedFiles(World world, Perils perils) {
        this.world = world;
        this.perils = perils;
        names.add(new TreeMap<>());
    }

    /** The process that used them has ended, or lost its power; another may use them. */
    void reopen() {
        dead = false;
    }

    void loseUnsynced() {
        TreeMap<String, Contents> left = names.get(world.random().nextInt(names.size()));
        names.clear();
        names.add(left);
        for (Contents contents : left.values()) {
            int size = contents.bytes.length;
            if (contents.synced < size) {
                byte[] torn = Arrays.copyOf(contents.bytes, world.random().nextInt(contents.synced, size));
                contents.bytes = world.chance(0.5) ? torn : Arrays.copyOf(torn, size);
                contents.synced = contents.bytes.length;
            }
        }
    }

    private TreeMap<String, Contents> now() {
        return names.get(names.size() - 1);
    }

    /** Names change, and the change is not on the disk yet. */
    private TreeMap<String, Contents> changed() {
        names.add(new TreeMap<>(now()));
        return now();
    }

    private Contents existing(String name) throws NoSuchFileException {
        Contents contents = now().get(name);
        if (contents == null) {
            throw new NoSuchFileException(name);
        }
        return contents;
    }

    private void step() throws IOException {
        dead = dead || perils.ends().getAsBoolean();
        if (dead) {
            throw new IOException("The node ends here");
        }
    }

    private void grow() throws IOException {
        step();
        if (perils.full().getAsBoolean()) {
            throw new IOException("No space left on device");
        }
    }

    @Override
    public List<String> names() {
        return List.copyOf(now().keySet());
    }

    @Override
    public long size(String name) throws IOException {
        return existing(name).bytes.length;
    }

    @Override
    public InputStream read(String name) throws IOException {
        return new ByteArrayInputStream(existing(name).bytes);
    }

    @Override
    public byte[] read(String name, long offset, int most) throws IOException {
        byte[] bytes = existing(name).bytes;
        int from = (int) Math.min(offset, bytes.length);
        return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + most));
    }

    @Override
    public OutputStream create(String name) throws IOException {
        grow();
        changed().put(name, new Contents());
        return new ByteArrayOutputStream() {
            @Override
            public void close() throws IOException {
                SimulatedFiles.this.write(name, 0, toByteArray());
            }
        };
    }

    @Override
    public void write(String name, long offset, byte[] bytes) throws IOException {
        grow();
        if (!now().containsKey(name)) {
            changed().put(name, new Contents());
        }
        Contents contents = existing(name);
        int from = (int) offset;
        contents.synced = Math.min(contents.synced, from);
        byte[] written = Arrays.copyOf(contents.bytes, Math.max(contents.bytes.length, from + bytes.length));
        System.arraycopy(bytes, 0, written, from, bytes.length);
        contents.bytes = written;
    }

    @Override
    public void sync(String name) throws IOException {
        step();
        Contents contents = existing(name);
        if (contents.synced < contents.bytes.length && world.chance(perils.flipped())) {
            contents.bytes = flipped(world, contents.bytes);
        }
        contents.synced = contents.bytes.length;
    }

    /** The same with one bit turned. */
    static byte[] flipped(World world, byte[] bytes) {
        byte[] harmed = bytes.clone();
        harmed[world.random().nextInt(bytes.length)] ^=
                (byte) (1 << world.random().nextInt(8));
        return harmed;
    }

    @Override
    public void rename(String from, String to) throws IOException {
        step();
        Contents contents = existing(from);
        TreeMap<String, Contents> changed = changed();
        changed.remove(from);
        changed.put(to, contents);
    }

    @Override
    public void delete(String name) throws IOException {
        step();
        if (now().containsKey(name)) {
            changed().remove(name);
        }
    }

    @Override
    public void syncNames() throws IOException {
        step();
        TreeMap<String, Contents> kept = now();
        names.clear();
        names.add(kept);
    }

    @Override
    public String toString() {
        return "simulated";
    }
}
