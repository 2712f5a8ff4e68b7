package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Looks for what is wrong with a cluster, or soon will be. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Runs every check of a cluster and of its nodes, and says of what it finds how it shows and what to do. Each node tries its",
            "disk by five small writes."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:nothing was found",
            "1:something critical was found, or no node answers",
            "2:the command line is wrong",
            "3:something was found that will become critical unless something is done"
        })
final class DoctorCommand implements Callable<Integer> {

    private static final int CRITICAL = 1;
    private static final int WARNING = 3;

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Override
    public Integer call() {
        return options.run(session -> examine(session, options, true));
    }

    /** @param showsKeys whether findings may name keys of entries */
    static Report examine(Session session, ClusterOptions options, boolean showsKeys) {
        ClusterView view = ClusterOptions.join(session.currentView());
        Map<Integer, String> caches = cacheNames(session);
        Map<Member, Reply.NodeFacts> facts = new LinkedHashMap<>(ClusterOptions.join(session.facts(true)));
        if (!showsKeys) {
            facts.replaceAll((node, all) -> new Reply.NodeFacts(all.facts(), all.sampled(), List.of()));
        }
        Diagnosis diagnosis = Diagnosis.of(new Diagnosis.Evidence(
                view,
                ClusterOptions.join(session.replicas()),
                facts,
                ClusterOptions.join(session.versions()),
                caches,
                options.isInsecure(view),
                Instant.ofEpochMilli(Time.system().millis())));
        return new Report(text(view, diagnosis), json(view, diagnosis), code(diagnosis));
    }

    /** Returns the names of the caches by their ids; none while the control group has no leader. */
    static Map<Integer, String> cacheNames(Session session) {
        Map<Integer, String> names = new HashMap<>();
        session.caches()
                .thenAccept(all -> all.forEach(
                        cache -> names.put(cache.id(), cache.definition().name())))
                .exceptionally(withoutControlGroup -> null)
                .join();
        return names;
    }

    private static int code(Diagnosis diagnosis) {
        return diagnosis
                .worst()
                .map(worst -> worst == Diagnosis.Severity.CRITICAL ? CRITICAL : WARNING)
                .orElse(0);
    }

    private static String text(ClusterView view, Diagnosis diagnosis) {
        int checks = Diagnosis.Check.values().length;
        List<String> lines = new ArrayList<>();
        lines.add("Cluster " + view.cluster() + ": " + checks + " checks, "
                + (diagnosis.findings().isEmpty()
                        ? "nothing found"
                        : diagnosis.findings().size() + " findings"));
        for (Diagnosis.Finding finding : diagnosis.findings()) {
            lines.add("%-9s %-13s %s"
                    .formatted(word(finding.severity()), finding.check().word(), finding.evidence()));
            lines.add("%23s %s".formatted("", "→ " + finding.advice()));
        }
        return String.join(System.lineSeparator(), lines);
    }

    private static String json(ClusterView view, Diagnosis diagnosis) {
        return Json.object(
                "cluster",
                view.cluster(),
                "checks",
                Stream.of(Diagnosis.Check.values()).map(Diagnosis.Check::word).toList(),
                "findings",
                diagnosis.findings().stream()
                        .map(finding -> new Json.Nested(Json.object(
                                "severity",
                                word(finding.severity()),
                                "check",
                                finding.check().word(),
                                "evidence",
                                finding.evidence(),
                                "advice",
                                finding.advice())))
                        .toList());
    }

    private static String word(Diagnosis.Severity severity) {
        return severity.name().toLowerCase(Locale.ROOT);
    }
}
