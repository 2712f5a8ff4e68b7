package dev.lockstep.system.durability;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Makes a node's calls on the files below a folder fail or take long, by a library that is preloaded into its process. Needs gcc. */
final class FaultyCalls {

    private static final String SOURCE = "/durability/faulty-disk.c";
    private static final long COMPILE_SECONDS = 60;

    private final Path library;
    private final Path orders;
    private final Path folder;

    private FaultyCalls(Path library, Path orders, Path folder) {
        this.library = library;
        this.orders = orders;
        this.folder = folder;
    }

    /**
     * Compiles the library.
     *
     * @param home gets it
     * @param folder whose files are meant, in all nodes that get the {@link #environment}
     * @throws IOException when there is no compiler, or it fails
     */
    static FaultyCalls compile(Path home, Path folder) throws IOException {
        Path source = home.resolve("faulty-disk.c");
        Path library = home.resolve("faulty-disk.so");
        try (InputStream in = Objects.requireNonNull(FaultyCalls.class.getResourceAsStream(SOURCE))) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        Process gcc = new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl")
                .redirectErrorStream(true)
                .start();
        try {
            if (!gcc.waitFor(COMPILE_SECONDS, TimeUnit.SECONDS)) {
                gcc.destroyForcibly();
                throw new IOException("gcc has not ended");
            }
        } catch (InterruptedException interrupted) {
            gcc.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
        if (gcc.exitValue() != 0) {
            throw new IOException(new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
        return new FaultyCalls(library, home.resolve("orders"), folder);
    }

    /** The environment of a node whose system calls it controls. */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "FAULTY_FOLDER", folder.toString(),
                "FAULTY_ORDERS", orders.toString());
    }

    /** Fails the syncs of logs from now on. */
    void failSyncs() throws IOException {
        order("sync");
    }

    /** Fails writes from now on. */
    void failWrites() throws IOException {
        order("write");
    }

    /** Slows syncs down from now on. */
    void slowSyncs(int millis) throws IOException {
        order("slow " + millis);
    }

    /** Slows the syncs of logs down from now on; votes are not held up. */
    void slowLogSyncs(int millis) throws IOException {
        order("drag " + millis);
    }

    private void order(String order) throws IOException {
        Path draft = orders.resolveSibling("orders.draft");
        Files.writeString(draft, order);
        Files.move(draft, orders, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    void mend() throws IOException {
        Files.deleteIfExists(orders);
    }
}
