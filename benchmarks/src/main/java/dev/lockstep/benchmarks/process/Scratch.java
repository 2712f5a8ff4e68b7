package dev.lockstep.benchmarks.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The folders of this run. At the end of this JVM, also by a signal, the processes that it has started end, and the
 * folders are deleted.
 */
public final class Scratch {

    private static final Path MEMORY = Path.of("/dev/shm");
    private static final String PREFIX = "lockstep-bench";
    private static final int ATTEMPTS = 3;

    private final List<Storage> storages = new ArrayList<>();

    /** @param disk where there is room on disk */
    public Scratch(Path disk) throws IOException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::clear, "clear"));
        storages.add(new Storage("disk", Files.createTempDirectory(disk, PREFIX)));
        if (Files.isWritable(MEMORY)) {
            storages.add(new Storage("tmpfs", Files.createTempDirectory(MEMORY, PREFIX)));
        }
    }

    /** Disk, and tmpfs where there is one. */
    public List<Storage> storages() {
        return List.copyOf(storages);
    }

    /** More than once: the main thread may be starting some. */
    private void clear() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ProcessHandle.current().children().forEach(ProcessHandle::destroy);
            ProcessHandle.current().children().forEach(Scratch::awaitEnd);
        }
        storages.forEach(storage -> delete(storage.folder()));
    }

    private static void awaitEnd(ProcessHandle process) {
        process.onExit()
                .completeOnTimeout(process, 5, TimeUnit.SECONDS)
                .thenAccept(ProcessHandle::destroyForcibly)
                .join();
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | RuntimeException failure) {
            System.err.println("Not all is deleted of " + folder + ": " + failure);
        }
    }
}
