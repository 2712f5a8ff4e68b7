package dev.lockstep.system.meters;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The alerts and dashboards of the archive, read. Stateless. */
final class Monitoring {

    static final Path ALERTS = Path.of("../distribution/src/main/archive/monitoring/lockstep-alerts.yml");
    static final Path ALERTS_TEST = Path.of("src/test/monitoring/alerts-test.yml");
    private static final Path DASHBOARDS = ALERTS.resolveSibling("dashboards");

    private Monitoring() {}

    /** A rule; its place in the runbook is the last part of a link. */
    record Alert(String name, String query, String severity, String runbook) {}

    /** One query of a panel of a dashboard. */
    record Query(String dashboard, String panel, String text) {

        /** The query as Grafana would send it for all caches of one job. */
        String of(String job) {
            return text.replace("$cluster", job).replace("$cache", ".*").replace("$__rate_interval", "1m");
        }

        @Override
        public String toString() {
            return dashboard + ", \"" + panel + "\": " + text;
        }
    }

    static List<Alert> alerts() {
        List<Alert> alerts = new ArrayList<>();
        for (Map<?, ?> group : maps(read(ALERTS).get("groups"))) {
            for (Map<?, ?> rule : maps(group.get("rules"))) {
                Map<?, ?> labels = (Map<?, ?>) rule.get("labels");
                Map<?, ?> annotations = (Map<?, ?>) rule.get("annotations");
                alerts.add(new Alert(
                        text(rule, "alert"),
                        text(rule, "expr"),
                        text(labels, "severity"),
                        text(annotations, "runbook_url")));
            }
        }
        return alerts;
    }

    static List<Query> queries() {
        List<Query> queries = new ArrayList<>();
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            for (Path file : files.sorted().toList()) {
                Map<?, ?> dashboard = read(file);
                for (Map<?, ?> panel : maps(dashboard.get("panels"))) {
                    if (panel.get("targets") != null) {
                        for (Map<?, ?> target : maps(panel.get("targets"))) {
                            queries.add(
                                    new Query(text(dashboard, "title"), text(panel, "title"), text(target, "expr")));
                        }
                    }
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return queries;
    }

    /** Reads YAML, or JSON, which is YAML too. */
    static Map<?, ?> read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static Map<?, ?> parse(String text) {
        return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(text);
    }

    static List<Map<?, ?>> maps(Object list) {
        List<Map<?, ?>> maps = new ArrayList<>();
        ((List<?>) list).forEach(one -> maps.add((Map<?, ?>) one));
        return maps;
    }

    private static String text(Map<?, ?> of, String key) {
        return String.valueOf(of.get(key));
    }
}
