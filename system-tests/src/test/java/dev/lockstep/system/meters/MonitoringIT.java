package dev.lockstep.system.meters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import dev.lockstep.system.meters.Monitoring.Query;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts and dashboards, in a Prometheus that scrapes three nodes under load. */
class MonitoringIT {

    private static final String JOB = "orders-cache";
    private static final int OPERATIONS = 400;
    private static final long SEED = 11;

    @TempDir
    Path home;

    @BeforeEach
    void needsPrometheus() {
        assumeTrue(Prometheus.isInstalled(), "Skipped: prometheus and promtool are not installed here");
    }

    @Test
    void promtoolAcceptsTheAlertsAndEachFiresWhereItShould() throws Exception {
        assertThat(Prometheus.promtool("check", "rules", Monitoring.ALERTS.toString()))
                .isEmpty();
        assertThat(Prometheus.promtool("test", "rules", Monitoring.ALERTS_TEST.toString()))
                .isEmpty();
    }

    @Test
    void eachPanelHasDataAndANodeThatIsKilledIsNoticed() throws Exception {
        try (Meters meters = new Meters(home, SEED);
                Prometheus prometheus = new Prometheus(home, JOB, meters.ports())) {
            Eventually.holds("Prometheus runs", prometheus::isReady);
            meters.awaitBalance();
            meters.load(OPERATIONS);

            List<Query> empty = new ArrayList<>(Monitoring.queries());
            Eventually.holds(() -> "no data for " + empty, () -> {
                empty.removeAll(answered(prometheus, empty));
                return empty.isEmpty();
            });

            NodeProcess.kill(meters.nodes().nodes().subList(2, 3));
            Eventually.holds(
                    "an alert that the node is down",
                    () -> prometheus.query("ALERTS{alertname=\"LockstepNodeDown\"}").stream()
                            .map(series -> (Map<?, ?>) series.get("metric"))
                            .anyMatch(labels -> labels.get("job").equals(JOB)));
        }
    }

    private static List<Query> answered(Prometheus prometheus, List<Query> queries) throws Exception {
        List<Query> answered = new ArrayList<>();
        for (Query query : queries) {
            if (!prometheus.query(query.of(JOB)).isEmpty()) {
                answered.add(query);
            }
        }
        return answered;
    }
}
