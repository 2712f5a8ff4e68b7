package dev.lockstep.system.durability;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A disk of its own: an ext4 file system in a file, loop-mounted. Its power can be cut, and it can be filled. Needs root, and the
 * tools of Linux. Not thread-safe.
 */
final class LoopDisk implements AutoCloseable {

    private static final long COMMAND_SECONDS = 60;
    private static final int UNMOUNT_TRIES = 200;
    /**
     * EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, for the folders named: from that instant on nothing more of a
     * file system reaches its device, neither data nor journal, and all calls fail with EIO. Writes that have reached
     * the device stay. A process for each, because the call sleeps for a tenth of a second afterwards.
     */
    private static final String CUT = """
            my $how = pack('L', 2);
            my @folders = map { open my $folder, '<', $_ or die "$_: $!"; $folder } @ARGV;
            my @children;
            for my $folder (@folders) {
                my $child = fork;
                die "fork: $!" unless defined $child;
                exit(ioctl($folder, 0x8004587d, $how) ? 0 : 1) unless $child;
                push @children, $child;
            }
            for my $child (@children) {
                waitpid $child, 0;
                die "ext4 can't be shut down" if $?;
            }
            """;

    private final Path image;
    private final Path folder;
    private boolean mounted;

    private LoopDisk(Path image, Path folder) {
        this.image = image;
        this.folder = folder;
    }

    /**
     * Makes one, and mounts it.
     *
     * @param home gets its image, and the folder where it is mounted
     */
    static LoopDisk create(Path home, String name, int megabytes) throws IOException {
        Path image = home.resolve(name + ".ext4");
        Path folder = Files.createDirectories(home.resolve(name));
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) megabytes << 20);
        }
        // Everything now, or ext4 would go on making the file system in the background; and no room kept for root.
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.toString());
        LoopDisk disk = new LoopDisk(image, folder);
        disk.mount();
        return disk;
    }

    /** The reason why there can be none on this machine; empty if there can. */
    static Optional<String> whyNot(Path home) {
        try (LoopDisk disk = create(home, "trial", 16)) {
            Files.writeString(disk.folder().resolve("file"), "lost");
            cutPower(List.of(disk));
            disk.unmount();
            disk.mount();
            return Files.exists(disk.folder().resolve("file"))
                    ? Optional.of("a file survived a power cut though it was not synced")
                    : Optional.empty();
        } catch (IOException failure) {
            return Optional.of(String.valueOf(failure.getMessage()));
        }
    }

    /** The mount point. */
    Path folder() {
        return folder;
    }

    /** Cuts the power of all of them, at the same moment. Each has to be unmounted, and mounted again. */
    static void cutPower(List<LoopDisk> disks) throws IOException {
        List<String> command = new ArrayList<>(List.of("perl", "-e", CUT));
        disks.forEach(disk -> command.add(disk.folder.toString()));
        run(command.toArray(String[]::new));
    }

    /** Takes all the room that is left. */
    void fill() throws IOException {
        byte[] block = new byte[64 << 10];
        try (OutputStream ballast = Files.newOutputStream(ballast())) {
            while (true) {
                ballast.write(block);
            }
        } catch (IOException full) {
            if (!String.valueOf(full.getMessage()).contains("No space left")) {
                throw full;
            }
        }
    }

    /** Fills it until no more than a part of it is free. */
    void fillUntil(double free) throws IOException {
        FileStore store = Files.getFileStore(folder);
        byte[] block = new byte[64 << 10];
        try (OutputStream ballast = Files.newOutputStream(ballast())) {
            while (store.getUsableSpace() > store.getTotalSpace() * free) {
                ballast.write(block);
            }
        }
    }

    /** Undoes {@link #fill} and {@link #fillUntil}. */
    void makeRoom() throws IOException {
        Files.delete(ballast());
    }

    private Path ballast() {
        return folder.resolve("ballast");
    }

    /** Mounts it; its journal is replayed first if there is something in it. */
    void mount() throws IOException {
        run("mount", "-o", "loop", image.toString(), folder.toString());
        mounted = true;
    }

    /** Its loop device goes with it. Processes that have just been killed may still be about to let go of its files. */
    void unmount() throws IOException {
        for (int tries = 1; mounted; tries++) {
            try {
                run("umount", folder.toString());
                mounted = false;
            } catch (IOException busy) {
                if (tries == UNMOUNT_TRIES) {
                    throw busy;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while a disk was unmounted", interrupted);
        }
    }

    @Override
    public void close() throws IOException {
        unmount();
        Files.deleteIfExists(image);
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " has not ended");
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
        if (process.exitValue() != 0) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            throw new IOException(command[0] + ": " + output.strip());
        }
    }
}
