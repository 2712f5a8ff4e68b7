package dev.lockstep.system.load;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The knowledge of the only writer of some keys. It writes rising numbers to each: so the value there must be the last
 * that was acknowledged, or a later one that was sent and whose outcome is not known. Not thread-safe.
 */
final class Ledger {

    private final Map<String, Row> rows = new HashMap<>();

    private record Row(long acknowledged, long sent) {}

    /** The next value for a key, from 1 on; it counts as sent. */
    long send(String key) {
        Row row = row(key);
        rows.put(key, new Row(row.acknowledged(), row.sent() + 1));
        return row.sent() + 1;
    }

    void acknowledged(String key, long value) {
        rows.put(key, new Row(value, row(key).sent()));
    }

    private Row row(String key) {
        return rows.getOrDefault(key, new Row(0, 0));
    }

    Set<String> keys() {
        return new HashSet<>(rows.keySet());
    }

    /**
     * Compares with what is there. A key that is wrong is told once, and forgotten.
     *
     * @param found the keys that have a value
     * @return what is wrong, a line for each key
     */
    List<String> wrong(Map<String, Long> found) {
        List<String> wrong = new ArrayList<>();
        for (String key : keys()) {
            Row row = row(key);
            @Nullable Long value = found.get(key);
            long there = value == null ? 0 : value;
            if (there < row.acknowledged() || there > row.sent()) {
                wrong.add("%s is %s: %d was acknowledged, and nothing after %d sent"
                        .formatted(key, value, row.acknowledged(), row.sent()));
                rows.remove(key);
            }
        }
        return wrong;
    }
}
