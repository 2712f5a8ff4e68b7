package dev.lockstep.cluster.simulation;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A disk with the files of one log. They are real files, so that the real code reads them, and show what the operating system
 * would: all that was written. What of it has been synced is known here, and a power cut leaves that and any part of the rest:
 * a sector of a file as it was after any of the writes, its length likewise, and the first of the changes of names, however many. A process may
 * end in the middle of an operation. Deterministic; one thread at a time.
 */
public final class SimulatedLogDisk implements LogDisk {

    /** The unit that a disk writes as a whole. */
    private static final int SECTOR = 512;
    /** The unit that the operating system writes as a whole, when a process is killed. */
    private static final int PAGE = 4_096;

    private final Path folder;
    private final SplittableRandom random;
    private final Map<String, Contents> files = new TreeMap<>();
    private final Map<String, Contents> syncedNames = new TreeMap<>();
    private final List<NameChange> changedNames = new ArrayList<>();
    private final List<SimulatedFile> open = new ArrayList<>();
    private int operationsLeft = Integer.MAX_VALUE;
    private boolean ended;
    private boolean syncFails;
    private boolean syncHasFailed;

    /** A file that has got a name, or lost one. */
    private record NameChange(
            @Nullable String from, @Nullable String to, Contents contents) {

        void apply(Map<String, Contents> names) {
            if (from != null) {
                names.remove(from);
            }
            if (to != null) {
                names.put(to, contents);
            }
        }
    }

    /**
     * Bytes that were written at a position; or the new end of a file, if there are none.
     */
    private record Change(int position, byte @Nullable [] bytes) {

        int length(int before) {
            return bytes == null ? position : Math.max(before, position + bytes.length);
        }
    }

    /** The contents of a file, which may have several names in the course of time. */
    private static final class Contents {

        private final List<Change> unsynced = new ArrayList<>();
        private byte[] synced = {};
        private boolean syncHasFailed;

        int length() {
            int length = synced.length;
            for (Change change : unsynced) {
                length = change.length(length);
            }
            return length;
        }

        void sync() {
            synced = after(version(unsynced.size()), unsynced.size());
            unsynced.clear();
        }

        private interface Versions {

            /** The number of changes that the sector that begins at {@code position} has seen. */
            int at(int position);
        }

        private static Versions version(int same) {
            return position -> same;
        }

        /** The contents of which each sector has seen the first so many changes, and the length as many as {@code lengths}. */
        byte[] after(Versions sectors, int lengths) {
            byte[] bytes = Arrays.copyOf(synced, Math.max(synced.length, mostBytes()));
            int[] seen = new int[bytes.length / SECTOR + 1];
            Arrays.setAll(seen, sector -> sectors.at(sector * SECTOR));
            int length = synced.length;
            for (int i = 0; i < unsynced.size(); i++) {
                Change change = unsynced.get(i);
                int to = change.bytes() == null ? bytes.length : change.position() + change.bytes().length;
                for (int from = change.position(); from < to; from = (from / SECTOR + 1) * SECTOR) {
                    int end = Math.min((from / SECTOR + 1) * SECTOR, to);
                    if (i >= seen[from / SECTOR]) {
                        continue;
                    }
                    if (change.bytes() == null) {
                        Arrays.fill(bytes, from, end, (byte) 0);
                    } else {
                        System.arraycopy(change.bytes(), from - change.position(), bytes, from, end - from);
                    }
                }
                length = i < lengths ? change.length(length) : length;
            }
            return Arrays.copyOf(bytes, length);
        }

        private int mostBytes() {
            int most = 0;
            for (Change change : unsynced) {
                most = Math.max(most, change.length(0));
            }
            return most;
        }

        void losePower(SplittableRandom random) {
            int changes = unsynced.size();
            byte[] left = switch (random.nextInt(4)) {
                case 0 -> after(version(0), 0);
                case 1 -> after(version(changes), changes);
                case 2 -> {
                    int whole = random.nextInt(changes + 1);
                    yield after(
                            position -> random.nextInt(whole, Math.min(whole + 1, changes) + 1),
                            random.nextInt(whole, Math.min(whole + 1, changes) + 1));
                }
                default -> after(position -> random.nextInt(changes + 1), random.nextInt(changes + 1));
            };
            synced = left;
            unsynced.clear();
        }
    }

    /** @param folder an empty one, in which no other log is */
    public SimulatedLogDisk(Path folder, SplittableRandom random) {
        this.folder = folder;
        this.random = random;
    }

    // Operations

    @Override
    public OpenFile open(Path file) throws IOException {
        String name = name(file);
        Contents contents = present(name);
        if (contents == null) {
            operation();
            contents = new Contents();
            change(new NameChange(null, name, contents));
        }
        SimulatedFile opened = new SimulatedFile(contents, new RandomAccessFile(file.toFile(), "rw"));
        open.add(opened);
        return opened;
    }

    private String name(Path file) {
        if (!folder.equals(file.getParent())) {
            throw new IllegalArgumentException(file + " is in another folder than " + folder);
        }
        return file.getFileName().toString();
    }

    /** The contents of a file; null if there is none, as when Ratis, which does not use this, has deleted it. */
    private @Nullable Contents present(String name) {
        Contents contents = files.get(name);
        if (contents != null && !Files.exists(folder.resolve(name))) {
            change(new NameChange(name, null, contents));
            return null;
        }
        return contents;
    }

    private List<String> present() {
        return List.copyOf(files.keySet()).stream()
                .filter(name -> present(name) != null)
                .toList();
    }

    private Contents existing(String name) throws IOException {
        Contents contents = present(name);
        if (contents == null) {
            throw new NoSuchFileException(name);
        }
        return contents;
    }

    private void change(NameChange change) {
        change.apply(files);
        changedNames.add(change);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        operation();
        Contents contents = existing(name(from));
        Files.move(from, to);
        change(new NameChange(name(from), name(to), contents));
    }

    @Override
    public void delete(Path file) throws IOException {
        operation();
        Contents contents = existing(name(file));
        Files.delete(file);
        change(new NameChange(name(file), null, contents));
    }

    @Override
    public void syncNames(Path of) throws IOException {
        operation();
        present();
        namesAreSynced();
    }

    private void operation() throws IOException {
        if (endsNow()) {
            throw new IOException("The process ends here");
        }
    }

    private boolean endsNow() {
        operationsLeft--;
        ended = ended || operationsLeft <= 0;
        return ended;
    }

    private final class SimulatedFile implements OpenFile {

        private final Contents contents;
        private final RandomAccessFile file;
        private boolean closed;

        SimulatedFile(Contents contents, RandomAccessFile file) {
            this.contents = contents;
            this.file = file;
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void write(long position, byte[] bytes, int length) throws IOException {
            requireOpen();
            boolean ends = !ended && endsNow();
            if (ended && !ends) {
                throw new IOException("The process has ended");
            }
            int whole = ends ? pages((int) position, length) : length;
            file.seek(position);
            file.write(bytes, 0, whole);
            if (whole > 0) {
                contents.unsynced.add(new Change((int) position, Arrays.copyOf(bytes, whole)));
            }
            if (ends) {
                throw new IOException("The process ends here");
            }
        }

        private int pages(int position, int length) {
            int end = random.nextInt(position, position + length + 1) / PAGE * PAGE;
            return Math.max(0, end - position);
        }

        @Override
        public void sync() throws IOException {
            requireOpen();
            operation();
            if (syncFails) {
                syncFails = false;
                syncHasFailed = true;
                contents.syncHasFailed = true;
                throw new IOException("Input/output error");
            }
            if (!contents.syncHasFailed) {
                contents.sync();
            }
        }

        @Override
        public void cut(long length) throws IOException {
            requireOpen();
            operation();
            file.setLength(length);
            if (length != contents.length()) {
                contents.unsynced.add(new Change((int) length, null));
            }
            sync();
        }

        private void requireOpen() {
            if (closed) {
                throw new IllegalStateException("The file is closed");
            }
        }

        @Override
        public void close() throws IOException {
            closed = true;
            open.remove(this);
            file.close();
        }
    }

    // Faults

    /** Lets the process end in one of the next operations. */
    public void endProcessWithin(int operations) {
        operationsLeft = random.nextInt(1, operations + 1);
    }

    /** Tells whether the process has ended in the middle of an operation. */
    public boolean hasEnded() {
        return ended;
    }

    /** Tells whether a sync has failed since the process began. */
    public boolean syncHasFailed() {
        return syncHasFailed;
    }

    /** Lets the next sync of a file fail; later ones of the same file succeed, but have no effect for this process. */
    public void failNextSync() {
        syncFails = true;
    }

    /** Ends the process that uses the disk, if it has not ended. All that it has written is there. */
    public void endProcess() throws IOException {
        for (SimulatedFile file : List.copyOf(open)) {
            file.close();
        }
        operationsLeft = Integer.MAX_VALUE;
        ended = false;
        syncFails = false;
        syncHasFailed = false;
        files.values().forEach(contents -> contents.syncHasFailed = false);
    }

    /** Ends the process, and loses any part of what was not synced. */
    public void losePower() throws IOException {
        endProcess();
        for (String name : present()) {
            Files.delete(folder.resolve(name));
        }
        Map<String, Contents> left = new TreeMap<>(syncedNames);
        changedNames.subList(0, random.nextInt(changedNames.size() + 1)).forEach(change -> change.apply(left));
        files.clear();
        files.putAll(left);
        for (Map.Entry<String, Contents> file : left.entrySet()) {
            file.getValue().losePower(random);
            Files.write(folder.resolve(file.getKey()), file.getValue().synced);
        }
        namesAreSynced();
    }

    private void namesAreSynced() {
        changedNames.clear();
        syncedNames.clear();
        syncedNames.putAll(files);
    }

    /**
     * Flips a bit of a file, while no process uses the disk and everything has been synced.
     *
     * @return where, for people; null if there is no file
     */
    public @Nullable String flip() throws IOException {
        List<String> harmed = present();
        namesAreSynced();
        files.values().forEach(Contents::sync);
        harmed = harmed.stream()
                .filter(name -> files.get(name).synced.length > 0)
                .toList();
        if (harmed.isEmpty()) {
            return null;
        }
        String name = harmed.get(random.nextInt(harmed.size()));
        byte[] bytes = files.get(name).synced;
        int at = random.nextInt(bytes.length);
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(folder.resolve(name), bytes);
        return "byte " + at + " of " + name;
    }

    /** The names of the files, how long each is, and how many of its changes are not synced. */
    @Override
    public String toString() {
        return files.entrySet().stream()
                .map(file -> file.getKey() + ":" + file.getValue().length() + "("
                        + file.getValue().unsynced.size() + ")"
                        + (syncedNames.get(file.getKey()) == file.getValue() ? "" : "*"))
                .collect(Collectors.joining(" "));
    }
}
