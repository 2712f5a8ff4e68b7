package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Consistency;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of a command by which a cache loses its entries: it says how many they are, and needs to be told that this is meant. */
final class Losing {

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Parameters(paramLabel = "<cache>", description = "The name of the cache.")
    private String name = "";

    @Option(names = "--yes", description = "Do it; without it the command only says what would be lost.")
    private boolean yes;

    /** @param done the participle for what happens to the cache */
    int run(String done, BiFunction<Session, CacheInfo, CompletableFuture<Void>> act) {
        return options.run(session -> {
            CacheInfo cache = CacheCommand.find(session, name);
            long entries = ClusterOptions.join(session.size(cache.id(), Consistency.STRONG));
            if (!yes) {
                throw new RefusedException(
                        "Cache " + name + " would lose " + entries + " entries. If that is meant, add --yes");
            }
            ClusterOptions.join(act.apply(session, cache));
            return new Report(
                    "Cache " + name + " is " + done + "; it had " + entries + " entries",
                    Json.object("cache", name, "entries", entries));
        });
    }
}
