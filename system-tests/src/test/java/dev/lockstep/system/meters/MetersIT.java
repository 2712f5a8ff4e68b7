package dev.lockstep.system.meters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cli.CliMain;
import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./lockstep-test meters} is the long form. */
class MetersIT {

    private static final int OPERATIONS = 400;
    private static final long SEED = 7;

    @TempDir
    Path home;

    @Test
    void everyMeterIsThereAndCountsWhatWasDoneAndHealthFollowsTheNodes() throws Exception {
        try (Meters meters = new Meters(home, SEED)) {
            meters.awaitBalance();
            meters.load(OPERATIONS);
            meters.compare();
            assertThat(meters.findings()).isEmpty();
            System.out.println(meters);

            for (int node = 0; node < meters.nodes().nodes().size(); node++) {
                isUp(meters, node);
                assertThat(meters.get(node, "/info").body())
                        .contains("\"node\":\"n" + (node + 1) + "\",\"cluster\":\"processes\"");
            }

            assertThat(top(meters)).contains("n1 ", "n3 ", "plain ", "strong ").doesNotContain("no answer");

            NodeProcess.kill(meters.nodes().nodes().subList(1, 3));
            Eventually.holds(
                    "a node without a majority is not ready",
                    () -> meters.get(0, "/health/ready").statusCode() == 503);
            Eventually.holds(
                    "it names what is wrong",
                    () -> meters.get(0, "/health/ready").body().contains("shard 3 knows no leader"));
            assertThat(meters.get(0, "/health/live").statusCode()).isEqualTo(200);
            assertThat(meters.get(0, "/health/started").statusCode()).isEqualTo(200);
            meters.nodes().makeWhole();
            for (int node = 0; node < meters.nodes().nodes().size(); node++) {
                isUp(meters, node);
            }
        }
    }

    private static String top(Meters meters) {
        StringWriter out = new StringWriter();
        PrintWriter printer = new PrintWriter(out, true);
        String[] words = {
            "top",
            "--cluster",
            "processes",
            "--servers",
            meters.nodes().addresses(),
            "--interval",
            "200ms",
            "--count",
            "2"
        };
        assertThat(CliMain.run(words, printer, printer)).as(out.toString()).isZero();
        return out.toString();
    }

    private static void isUp(Meters meters, int node) throws Exception {
        for (String page : List.of("/health/started", "/health/live", "/health/ready")) {
            Eventually.holds(
                    () -> page + " of node " + (node + 1) + " says that all is well: "
                            + meters.get(node, page).body(),
                    () -> meters.get(node, page).statusCode() == 200);
            assertThat(meters.get(node, page).body()).startsWith("{\"status\":\"");
        }
    }
}
