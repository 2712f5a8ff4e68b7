package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.cluster.meters.NodeMeter;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Prints what has been done with the caches since the nodes were started. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        description = {
            "Prints what has been done with the caches since the nodes were started, by the meters of the nodes; one cache, or all.",
            "Only nodes with node.admin in their files measure."
        })
final class CacheStatistics implements Callable<Integer> {

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Parameters(paramLabel = "<cache>", arity = "0..1", description = "The name of the cache; all unless given.")
    private @Nullable String name;

    @Override
    public Integer call() {
        return options.run(this::report);
    }

    private Report report(Session session) {
        if (name != null) {
            CacheCommand.find(session, name);
        }
        TopCommand.Look look = TopCommand.look(session, Time.system());
        if (look.meters().isEmpty()) {
            throw new RefusedException("No node measures: " + String.join("; ", look.silent()));
        }
        // Counters begin at zero with their nodes.
        Activity all = new Activity(Map.of(), look.meters(), 1);
        return report(all, name == null ? all.caches() : List.of(name), look.silent());
    }

    private static Report report(Activity all, Collection<String> caches, List<String> silent) {
        List<String> lines = new ArrayList<>();
        List<Json.Nested> objects = new ArrayList<>();
        lines.add("%-24s %12s %6s %12s %12s %12s %12s %10s %12s %12s %10s %10s"
                .formatted(
                        "CACHE",
                        "GETS",
                        "HITS",
                        "PUTS",
                        "REMOVED",
                        "EVICTED",
                        "EXPIRED",
                        "REFUSED",
                        "ENTRIES",
                        "BYTES",
                        "GET P99",
                        "WRITE P99"));
        for (String cache : caches) {
            Map<String, String> of = Map.of("cache", cache);
            double gets = all.rate(NodeMeter.CACHE_GETS, of);
            double hits = all.rate(NodeMeter.CACHE_GETS, Map.of("cache", cache, "result", "hit"));
            double puts = all.rate(NodeMeter.CACHE_PUTS, of);
            double removals = all.rate(NodeMeter.CACHE_REMOVALS, of);
            double evictions = all.rate(NodeMeter.CACHE_EVICTIONS, of);
            double expirations = all.rate(NodeMeter.CACHE_EXPIRATIONS, of);
            double failures = all.rate(NodeMeter.CACHE_FAILURES, of);
            double entries = all.now(NodeMeter.CACHE_ENTRIES, of);
            double bytes = all.now(NodeMeter.CACHE_BYTES, of);
            lines.add("%-24s %12.0f %6s %12.0f %12.0f %12.0f %12.0f %10.0f %12.0f %12.0f %10s %10s"
                    .formatted(
                            cache,
                            gets,
                            gets == 0 ? "" : "%.0f %%".formatted(100 * hits / gets),
                            puts,
                            removals,
                            evictions,
                            expirations,
                            failures,
                            entries,
                            bytes,
                            TopCommand.millis(all, Map.of("cache", cache, "operation", "get")),
                            TopCommand.millis(all, Map.of("cache", cache, "operation", "write"))));
            objects.add(new Json.Nested(Json.object(
                    "cache",
                    cache,
                    "gets",
                    (long) gets,
                    "hits",
                    (long) hits,
                    "puts",
                    (long) puts,
                    "removals",
                    (long) removals,
                    "evictions",
                    (long) evictions,
                    "expirations",
                    (long) expirations,
                    "refused",
                    (long) failures,
                    "entries",
                    (long) entries,
                    "bytes",
                    (long) bytes)));
        }
        lines.addAll(silent);
        return new Report(String.join(System.lineSeparator(), lines), Json.object("caches", objects, "silent", silent));
    }
}
