package dev.lockstep.benchmarks.transports;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A comparison, for people. */
final class Table {

    private final Comparison comparison;

    Table(Comparison comparison) {
        this.comparison = comparison;
    }

    /**
     * Prints every row, and of every load how ours compare with their peers.
     *
     * @param round what CPU is told for 1000 of
     */
    void print(String title, String round, List<String> ours, List<String> peers) {
        System.out.printf(Locale.ROOT, "%n%s; median [lowest-highest] of %d rounds%n", title, comparison.rounds());
        System.out.printf(
                Locale.ROOT,
                "%-24s %-18s %24s %22s %8s %19s %6s%n",
                "",
                "",
                "puts/s",
                "p50 us",
                "p99 us",
                "CPU s/1000 " + round,
                "cores");
        for (Load load : comparison.loads()) {
            comparison.names().forEach(name -> printRow(load, name));
            for (String our : ours) {
                peers.forEach(peer -> printRatios(load, our, peer));
            }
        }
    }

    private void printRow(Load load, String name) {
        System.out.printf(
                Locale.ROOT,
                "%-24s %-18s %24s %22s %8.0f %19s %6.2f%n",
                load,
                name,
                comparison.spread(name, load, Measured::rate).text("%.0f"),
                comparison.spread(name, load, Measured::p50).text("%.0f"),
                comparison.spread(name, load, Measured::p99).median(),
                comparison.spread(name, load, Measured::cpuOfRounds).text("%.2f"),
                comparison.spread(name, load, Measured::cores).median());
    }

    private void printRatios(Load load, String our, String peer) {
        System.out.printf(
                Locale.ROOT,
                "%-24s %s/%s: puts %s, p50 %s, CPU %s%n",
                "",
                our,
                peer,
                ratio(load, our, peer, Measured::rate),
                ratio(load, our, peer, Measured::p50),
                ratio(load, our, peer, Measured::cpuOfRounds));
    }

    private String ratio(Load load, String our, String peer, ToDoubleFunction<Measured> figure) {
        return comparison.ratio(our, peer, load, figure).text("%.2f");
    }
}
