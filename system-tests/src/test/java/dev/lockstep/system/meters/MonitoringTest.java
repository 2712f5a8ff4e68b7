package dev.lockstep.system.meters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.meters.NodeMeter;
import dev.lockstep.system.meters.Monitoring.Alert;
import dev.lockstep.system.meters.Monitoring.Query;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The alerts and dashboards, compared with the catalogue of meters and the runbook. */
class MonitoringTest {

    private static final Path RUNBOOK = Path.of("../docs/runbook.md");
    private static final Pattern METER = Pattern.compile("\\blockstep_[a-z_]+\\b(?!=)");

    private static Set<String> series() {
        return Stream.of(NodeMeter.values())
                .flatMap(meter -> switch (meter.kind()) {
                    case COUNTER, GAUGE -> Stream.of(meter.prometheusName());
                    case TIMER, SUMMARY ->
                        Stream.of("_count", "_sum", "_max", "_bucket").map(meter.prometheusName()::concat);
                })
                .collect(Collectors.toSet());
    }

    private static Set<String> meters(String query) {
        return METER.matcher(query).results().map(MatchResult::group).collect(Collectors.toSet());
    }

    @Test
    void theDashboardsAskForMetersOfTheCatalogue() {
        List<Query> queries = Monitoring.queries();

        assertThat(queries).hasSizeGreaterThan(40);
        assertThat(queries)
                .allSatisfy(query -> assertThat(series()).as(query.toString()).containsAll(meters(query.text())));
    }

    @Test
    void theAlertsAskForMetersOfTheCatalogueAndEachHasItsPlaceInTheRunbook() throws IOException {
        List<Alert> alerts = Monitoring.alerts();
        Set<String> sections = Files.readAllLines(RUNBOOK).stream()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring("## ".length()))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(alerts).allSatisfy(alert -> {
            assertThat(series()).as(alert.name()).containsAll(meters(alert.query()));
            assertThat(alert.runbook())
                    .endsWith("/docs/runbook.md#" + alert.name().toLowerCase(Locale.ROOT));
        });
        assertThat(sections)
                .containsExactlyElementsOf(
                        alerts.stream().map(Alert::name).sorted().toList());
    }

    @Test
    void theRunbookBeginsWithTheSeverityOfEachAlert() throws IOException {
        List<String> lines = Files.readAllLines(RUNBOOK);

        assertThat(Monitoring.alerts()).allSatisfy(alert -> {
            String begin = lines.get(lines.indexOf("## " + alert.name()) + 2);
            assertThat(begin.toLowerCase(Locale.ROOT)).as(alert.name()).startsWith("*" + alert.severity() + ".*");
        });
    }
}
