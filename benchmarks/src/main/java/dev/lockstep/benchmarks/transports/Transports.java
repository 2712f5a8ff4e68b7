package dev.lockstep.benchmarks.transports;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Compares what carries Raft (our transport, Ratis' Netty, Ratis' gRPC), and a put through JCache with Hazelcast's. Arguments:
 * the class path for Hazelcast's JVMs, and {@code --quick} for a run of less than five minutes.
 */
final class Transports {

    private static final RaftSection.Effort QUICK =
            new RaftSection.Effort(8, 3, 2, List.of(load(1, 1), load(64, 1), load(64, 16)));
    private static final RaftSection.Effort QUICK_PUTS = new RaftSection.Effort(12, 3, 2, List.of());
    private static final RaftSection.Effort FULL = new RaftSection.Effort(
            15,
            5,
            4,
            List.of(
                    load(1, 1),
                    load(16, 1),
                    load(64, 1),
                    load(256, 1),
                    load(16, 8),
                    load(64, 8),
                    load(256, 8),
                    load(16, 16),
                    load(64, 16),
                    load(256, 16)));
    private static final RaftSection.Effort FULL_PUTS = new RaftSection.Effort(40, 5, 5, List.of());
    private static final Path MEMORY = Path.of("/dev/shm");

    private Transports() {}

    private static RaftSection.Load load(int callers, int groups) {
        return new RaftSection.Load(callers, groups);
    }

    public static void main(String[] arguments) throws Exception {
        boolean quick = List.of(arguments).contains("--quick");
        Path disk = Files.createTempDirectory("lockstep-transports");
        Path memory = Files.createTempDirectory(Files.isDirectory(MEMORY) ? MEMORY : disk, "lockstep-transports");
        try {
            if (!quick) {
                new RaftSection("tmpfs", memory, FULL).run();
            }
            RaftSection.Verdict verdict = new RaftSection("disk", disk, quick ? QUICK : FULL).run();
            new PutSection(disk, memory, arguments[0], quick ? QUICK_PUTS : FULL_PUTS).run();
            PutSection.goal(
                    "own/netty, p50 of one caller",
                    verdict.syncPut(),
                    "at most 0.5",
                    verdict.syncPut().median() <= 0.5);
            PutSection.goal(
                    "own/netty, CPU of a round",
                    verdict.cpu(),
                    "at most 0.5",
                    verdict.cpu().median() <= 0.5);
            System.out.printf(
                    Locale.ROOT,
                    "own/netty: sync-put=%.2f cpu=%.2f%n",
                    verdict.syncPut().median(),
                    verdict.cpu().median());
        } finally {
            delete(memory);
            delete(disk);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(Transports::deleteOne);
        }
    }

    private static void deleteOne(Path file) {
        try {
            Files.delete(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
