package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.Outcome;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A run for programs: every single measurement. */
final class Json {

    private Json() {}

    static String of(Results results) {
        String machine = "  \"java\": %s,%n  \"cores\": %d,%n"
                .formatted(
                        text(System.getProperty("java.vm.version")),
                        Runtime.getRuntime().availableProcessors());
        return "{\n" + machine
                + list("settings", Stream.of(Contestant.values()).map(Json::settings)) + ",\n"
                + list("turns", results.turns().stream().map(Json::turn)) + ",\n"
                + list("figures", results.entries().stream().map(Json::entry)) + "\n}\n";
    }

    private static String list(String name, Stream<String> objects) {
        return "  \"" + name + "\": [\n"
                + objects.map(each -> "    {" + each + "}").collect(Collectors.joining(",\n")) + "\n  ]";
    }

    private static String settings(Contestant contestant) {
        return "\"product\": %s, \"settings\": %s".formatted(text(contestant.toString()), text(contestant.settings()));
    }

    private static String turn(Results.Turn turn) {
        return String.format(
                Locale.ROOT,
                "\"topology\": %s, \"product\": %s, \"cycle\": %d, \"warmUpSeconds\": %.1f, \"flat\": %b%s",
                text(turn.topology().toString()),
                text(turn.contestant().toString()),
                turn.cycle(),
                turn.warmUpSeconds(),
                turn.isFlat(),
                turn.failure().map(failure -> ", \"failure\": " + text(failure)).orElse(""));
    }

    private static String entry(Results.Entry entry) {
        Load load = entry.load();
        Outcome outcome = entry.measured().outcome();
        return String.format(
                Locale.ROOT,
                "\"topology\": %s, \"product\": %s, \"cycle\": %d, \"operation\": %s, \"callers\": %d, \"target\": %d,"
                        + " \"operations\": %d, \"rate\": %.2f, \"cpuMicros\": %.3f,"
                        + " \"micros\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p99.9\": %.3f, \"max\": %.3f}",
                text(entry.topology().toString()),
                text(entry.contestant().toString()),
                entry.cycle(),
                text(load.operation().toString()),
                load.callers(),
                load.rate(),
                outcome.operations(),
                outcome.rate(),
                entry.measured().cpu(),
                outcome.p50(),
                outcome.p90(),
                outcome.p99(),
                outcome.p999(),
                outcome.max());
    }

    /** A string of JSON. */
    static String text(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                out.append('\\').append(each);
            } else if (each < ' ') {
                out.append("\\u%04x".formatted((int) each));
            } else {
                out.append(each);
            }
        }
        return out.append('"').toString();
    }
}
