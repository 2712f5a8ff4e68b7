package dev.lockstep.benchmarks.transports;

import dev.lockstep.benchmarks.process.Scratch;
import dev.lockstep.benchmarks.process.Storage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Compares what carries Raft: our transport, Ratis' Netty, Ratis' gRPC. Arguments: a folder on disk, where what it needs is kept
 * meanwhile; and {@code --quick} for a run of less than five minutes. The last line is the ratios of our transport to Ratis'
 * Netty, with the logs on disk: latency of one caller, and CPU of its rounds.
 */
final class Transports {

    private static final Effort QUICK =
            new Effort(3, 5, 1, 3, List.of(new Load(1, 1), new Load(64, 1), new Load(256, 16)));
    private static final Effort FULL = new Effort(
            3,
            5,
            3,
            15,
            Stream.of(1, 8, 16)
                    .flatMap(groups -> Stream.of(1, 16, 64, 256).map(callers -> new Load(callers, groups)))
                    .toList());

    private Transports() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments).subList(1, arguments.length);
        if (!options.isEmpty() && !options.equals(List.of("--quick"))) {
            System.err.println("lockstep-bench: transports takes --quick or nothing, not " + options);
            System.exit(2);
        }
        boolean quick = !options.isEmpty();
        List<Storage> storages = new Scratch(Path.of(arguments[0])).storages();
        List<RaftSection.Verdict> verdicts = new ArrayList<>();
        for (Storage storage : storages) {
            verdicts.add(new RaftSection(storage, quick ? QUICK : FULL).run());
        }
        System.out.println();
        verdicts.forEach(verdict -> verdict.goals().forEach(System.out::println));
        System.out.printf(
                Locale.ROOT,
                "own/netty: sync-put=%.2f cpu=%.2f%n",
                verdicts.get(0).syncPut().median(),
                verdicts.get(0).cpu().median());
    }
}
