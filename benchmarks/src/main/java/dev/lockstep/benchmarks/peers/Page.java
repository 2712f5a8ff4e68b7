package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Spread;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** A run as a page of HTML that needs no other file: for each topology bars of rates, latencies and CPU. */
final class Page {

    private static final Map<Contestant, String> COLOURS = new EnumMap<>(Map.of(
            Contestant.LOCKSTEP, "#0b6e99",
            Contestant.HAZELCAST, "#d9730d",
            Contestant.INFINISPAN, "#6940a5",
            Contestant.IGNITE, "#ad1a72",
            Contestant.CAFFEINE, "#64473a"));

    private static final int LABELS = 160;
    private static final int WIDTH = 490;
    private static final int FIGURES = 170;
    private static final int BAR = 14;
    private static final int GAP = 8;
    private static final int HEADING = 24;

    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <meta charset="utf-8">
            <title>Lockstep and its peers</title>
            <style>
              body {font: 15px/1.5 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em}
              svg {display: block; margin: 1em 0; font: 12px system-ui, sans-serif}
              td, th {text-align: left; padding: 0 1em 0 0; vertical-align: top}
            </style>
            <h1>Lockstep and its peers</h1>
            <p>Medians; the thin lines reach from the lowest to the highest of all cycles. A longer bar is better for rates, a
            shorter one for latencies and CPU, which is that of all processes together. Where a rate is given, callers began each
            operation at its intended time, and latencies count from then.
            """;

    private final Results results;

    Page(Results results) {
        this.results = results;
    }

    String html() {
        StringBuilder html = new StringBuilder(HEAD);
        html.append(
                "<table><tr><th>Product<th>Settings besides its addresses, a heap of 1 GiB and a common pool of at least"
                        + " four threads\n");
        for (Contestant each : Contestant.values()) {
            html.append("<tr><td>%s<td>%s%n".formatted(each, escaped(each.settings())));
        }
        html.append("</table>\n");
        for (Topology topology : Topology.values()) {
            List<Load> closed = results.loads(topology).stream()
                    .filter(load -> !load.isOpen())
                    .toList();
            List<Load> open =
                    results.loads(topology).stream().filter(Load::isOpen).toList();
            if (!closed.isEmpty() || !open.isEmpty()) {
                html.append("<h2>%s: %s</h2>%n".formatted(topology, topology.description()));
                notes(topology, html);
                html.append(plots(topology, "operations/s", closed, Measured::rate));
                html.append(plots(topology, "microseconds, median", open, Measured::p50));
                html.append(plots(topology, "microseconds, 99 of 100", open, Measured::p99));
                html.append(plots(topology, "microseconds of CPU for an operation", closed, Measured::cpu));
            }
        }
        return html.append("</html>\n").toString();
    }

    private void notes(Topology topology, StringBuilder html) {
        for (Results.Turn turn : results.turns()) {
            if (turn.topology() == topology && !turn.isFlat()) {
                html.append("<p>Cycle %d, %s: %s%n"
                        .formatted(
                                turn.cycle(),
                                turn.contestant(),
                                turn.failure()
                                        .map(failure -> escaped("failed: " + failure))
                                        .orElse("its rate was not flat when it was measured")));
            }
        }
    }

    /** Draws a plot for each operation: rates of different operations would need different scales. */
    private String plots(Topology topology, String unit, List<Load> loads, ToDoubleFunction<Measured> figure) {
        StringBuilder plots = new StringBuilder();
        for (Operation operation : Operation.values()) {
            List<Bar> bars = new ArrayList<>();
            loads.stream()
                    .filter(load -> load.operation() == operation)
                    .flatMap(load -> Stream.of(Contestant.values())
                            .map(each -> new Bar(load, each, results.spread(topology, each, load, figure))))
                    .filter(bar -> bar.spread().isPresent())
                    .forEach(bars::add);
            if (!bars.isEmpty()) {
                plots.append(plot(operation + ", " + unit, bars));
            }
        }
        return plots.toString();
    }

    private record Bar(Load load, Contestant contestant, Optional<Spread> spread) {

        Spread figures() {
            return spread.orElseThrow();
        }
    }

    private static String plot(String title, List<Bar> bars) {
        double longest =
                bars.stream().mapToDouble(bar -> bar.figures().highest()).max().orElseThrow();
        StringBuilder body = new StringBuilder();
        int y = HEADING;
        Load last = bars.get(0).load();
        for (Bar bar : bars) {
            if (!bar.load().equals(last)) {
                y += GAP;
                last = bar.load();
            }
            body.append(bar(bar, y, longest));
            y += BAR;
        }
        return String.format(
                Locale.ROOT,
                "<svg width=\"%d\" height=\"%d\" role=\"img\"><text y=\"14\" font-weight=\"bold\">%s</text>%n%s</svg>%n",
                LABELS + WIDTH + FIGURES,
                y + GAP,
                escaped(title),
                body);
    }

    private static String bar(Bar bar, int y, double longest) {
        Spread spread = bar.figures();
        double scale = WIDTH / longest;
        String callers = bar.load().callers() + (bar.load().callers() == 1 ? " caller" : " callers");
        return String.format(
                Locale.ROOT,
                "<text x=\"0\" y=\"%d\">%s, %s</text>"
                        + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
                        + "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#000\"/><text x=\"%.1f\" y=\"%d\">%s</text>%n",
                y + BAR - 3,
                callers,
                bar.contestant(),
                LABELS,
                y,
                spread.median() * scale,
                BAR - 2,
                COLOURS.get(bar.contestant()),
                LABELS + spread.lowest() * scale,
                y + BAR / 2.0 - 1,
                LABELS + spread.highest() * scale,
                LABELS + spread.highest() * scale + 4,
                y + BAR - 3,
                spread.text(longest < 100 ? "%.1f" : "%.0f"));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
