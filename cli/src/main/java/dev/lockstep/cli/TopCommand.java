package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.cluster.meters.MeterValues;
import dev.lockstep.cluster.meters.NodeMeter;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a cluster is doing. */
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        description = {
            "Prints what the nodes and caches of a cluster did since the last look, by the meters of the nodes, and which keys most requests",
            "of the last minute were about. Only nodes with node.admin in their files measure."
        })
final class TopCommand implements Callable<Integer> {

    private static final double NANOS = 1e9;
    private static final String CLEAR = "\033[H\033[2J";
    private static final Map<String, String> ALL = Map.of();

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Option(
            names = "--interval",
            paramLabel = "<duration>",
            defaultValue = "2s",
            description = "How long to wait between two looks; 2s unless given.")
    private String interval = "2s";

    @Option(
            names = "--count",
            paramLabel = "<number>",
            defaultValue = "0",
            description = "How often to print, 0 for until it is interrupted; ${DEFAULT-VALUE} by default.")
    private int count;

    /** One look at the cluster. */
    record Look(Map<String, MeterValues> meters, List<String> silent, long nanos) {}

    @Override
    public Integer call() {
        return options.run(this::watch);
    }

    private Report watch(Session session) {
        Duration pause = pause();
        Time time = Time.system();
        Look last = look(session, time);
        for (int printed = 1; ; printed++) {
            options.pause(pause);
            Look next = look(session, time);
            Activity activity = new Activity(last.meters(), next.meters(), (next.nanos() - last.nanos()) / NANOS);
            Report report = report(session, activity, next.silent());
            if (printed == count) {
                return report;
            }
            options.progress(
                    (System.console() == null ? "" : CLEAR) + (options.json() ? report.json() : report.text()));
            last = next;
        }
    }

    private Duration pause() {
        try {
            Duration pause = Durations.parse(interval);
            if (pause.compareTo(Duration.ofMillis(100)) < 0) {
                throw new RefusedException("--interval " + interval + ": at least 100ms");
            }
            return pause;
        } catch (IllegalArgumentException wrong) {
            throw new RefusedException("--interval: " + wrong.getMessage());
        }
    }

    static Look look(Session session, Time time) {
        Map<String, MeterValues> meters = new TreeMap<>();
        List<String> silent = new ArrayList<>();
        Map<Member, Reply> answers = ClusterOptions.join(session.meters());
        session.view().members().forEach(member -> {
            Reply answer = answers.get(member);
            if (answer instanceof Reply.Text values) {
                meters.put(member.id().name(), MeterValues.parse(values.text()));
            } else {
                silent.add(member.id() + ": "
                        + (answer instanceof Reply.Refused refused ? refused.message() : "no answer"));
            }
        });
        return new Look(meters, silent, time.nanos());
    }

    private static Report report(Session session, Activity activity, List<String> silent) {
        List<String> lines = new ArrayList<>();
        lines.add("%-10s %6s %10s %10s %10s %8s %10s %8s %10s"
                .formatted(
                        "NODE", "LEADS", "REQUESTS/S", "GET P99", "WRITE P99", "SLOW/S", "IN FLIGHT", "LAG", "HEAP"));
        List<Json.Nested> nodes = new ArrayList<>();
        activity.after().keySet().forEach(node -> {
            Activity own = activity.of(node);
            lines.add("%-10s %6.0f %10.1f %10s %10s %8.1f %10.0f %8.0f %6.0f MiB"
                    .formatted(
                            node,
                            own.now(NodeMeter.RAFT_LEADER, ALL),
                            own.rate(NodeMeter.CACHE_REQUESTS, ALL),
                            millis(own, Map.of("operation", "get")),
                            millis(own, Map.of("operation", "write")),
                            own.rate(NodeMeter.REQUESTS_SLOW, ALL),
                            own.now(NodeMeter.REQUESTS_IN_FLIGHT, ALL),
                            own.greatest(NodeMeter.RAFT_LAG),
                            own.now("jvm_memory_used_bytes", Map.of("area", "heap")) / (1 << 20)));
            nodes.add(new Json.Nested(Json.object(
                    "node",
                    node,
                    "requestsPerSecond",
                    own.rate(NodeMeter.CACHE_REQUESTS, ALL),
                    "slowPerSecond",
                    own.rate(NodeMeter.REQUESTS_SLOW, ALL),
                    "leads",
                    (int) own.now(NodeMeter.RAFT_LEADER, ALL))));
        });
        silent.forEach(lines::add);
        lines.add("");
        lines.add("%-24s %10s %6s %10s %10s %10s %10s %10s"
                .formatted("CACHE", "GETS/S", "HITS", "PUTS/S", "REMOVED/S", "ENTRIES", "GET P99", "WRITE P99"));
        List<Json.Nested> caches = new ArrayList<>();
        activity.caches().stream()
                .sorted(Comparator.comparingDouble(
                        cache -> -activity.rate(NodeMeter.CACHE_REQUESTS, Map.of("cache", cache))))
                .forEach(cache -> {
                    Map<String, String> of = Map.of("cache", cache);
                    double gets = activity.rate(NodeMeter.CACHE_GETS, of);
                    double hits = activity.rate(NodeMeter.CACHE_GETS, Map.of("cache", cache, "result", "hit"));
                    lines.add("%-24s %10.1f %6s %10.1f %10.1f %10.0f %10s %10s"
                            .formatted(
                                    cache,
                                    gets,
                                    gets == 0 ? "" : "%.0f %%".formatted(100 * hits / gets),
                                    activity.rate(NodeMeter.CACHE_PUTS, of),
                                    activity.rate(NodeMeter.CACHE_REMOVALS, of),
                                    activity.now(NodeMeter.CACHE_ENTRIES, of),
                                    millis(activity, Map.of("cache", cache, "operation", "get")),
                                    millis(activity, Map.of("cache", cache, "operation", "write"))));
                    caches.add(new Json.Nested(Json.object(
                            "cache",
                            cache,
                            "getsPerSecond",
                            gets,
                            "hitsPerSecond",
                            hits,
                            "putsPerSecond",
                            activity.rate(NodeMeter.CACHE_PUTS, of),
                            "entries",
                            (long) activity.now(NodeMeter.CACHE_ENTRIES, of))));
                });
        List<HotKey> keys =
                HotKey.among(ClusterOptions.join(session.facts(false)).values(), DoctorCommand.cacheNames(session));
        if (!keys.isEmpty()) {
            lines.add("");
            lines.add("%-24s %10s  %s".formatted("CACHE", "REQUESTS", "KEY"));
            keys.forEach(key -> lines.add("%-24s %8.0f %%  %s".formatted(key.cache(), 100 * key.share(), key.key())));
        }
        return new Report(
                String.join(System.lineSeparator(), lines),
                Json.object(
                        "cluster",
                        session.view().cluster(),
                        "nodes",
                        nodes,
                        "caches",
                        caches,
                        "keys",
                        keys.stream()
                                .map(key -> new Json.Nested(
                                        Json.object("cache", key.cache(), "key", key.key(), "share", key.share())))
                                .toList(),
                        "silent",
                        silent));
    }

    /** Returns the time that 99 of 100 requests took at most; empty if there were none. */
    static String millis(Activity activity, Map<String, String> tags) {
        double seconds = activity.seconds99(NodeMeter.CACHE_REQUESTS, tags);
        return seconds == 0 ? "" : String.format(Locale.ROOT, "%.1f ms", seconds * 1000);
    }
}
