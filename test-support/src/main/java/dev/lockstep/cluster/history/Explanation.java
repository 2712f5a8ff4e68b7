package dev.lockstep.cluster.history;

import dev.lockstep.cluster.history.Verdict.Rule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells people what is wrong with a history. Stateless. */
final class Explanation {

    private static final int SHOWN = 20;

    private Explanation() {}

    static String of(String key, Rule rule, List<Call> calls, Search.Progress best) {
        StringBuilder text = new StringBuilder();
        line(text, "key %s is not %s; %d calls show it".formatted(key, rule.adjective(), calls.size()));
        line(text, "  this can have happened at most, in this order:");
        int from = Math.max(0, best.order().size() - SHOWN);
        if (from > 0) {
            line(text, "    … " + from + " before");
        }
        best.order().stream().skip(from).forEach(call -> line(text, "    " + call));
        if (rule == Rule.SESSION) {
            List<@Nullable String> states = best.states();
            line(
                    text,
                    "  the key's values then were: "
                            + states.subList(Math.max(0, states.size() - SHOWN), states.size()).stream()
                                    .map(Explanation::named)
                                    .toList());
        }
        line(
                text,
                "  the value then is " + named(best.states().get(best.states().size() - 1))
                        + ", and one of these had to be next, but none fits:");
        for (Call call : best.stuck()) {
            line(text, "    " + call);
        }
        return text.toString();
    }

    private static String named(@Nullable String value) {
        return value == null ? "absent" : value;
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }
}
