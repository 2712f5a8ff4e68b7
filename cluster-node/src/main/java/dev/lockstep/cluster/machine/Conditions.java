package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Condition.AbsentSince;
import dev.lockstep.protocol.wire.Condition.ValueIs;
import dev.lockstep.protocol.wire.Condition.VersionIs;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** Judges conditions: one meaning for what is written and for what is only confirmed. Pure. */
public final class Conditions {

    private Conditions() {}

    /**
     * Evaluates a condition on an entry.
     *
     * @param entry null when there is none, or it has expired
     * @param absentSince whether the entry was absent ever since a version; asked only when it is absent now
     */
    public static boolean hold(Condition condition, @Nullable StoredEntry entry, LongPredicate absentSince) {
        if (condition instanceof Condition.Absent) {
            return entry == null;
        } else if (condition instanceof Condition.Present) {
            return entry != null;
        } else if (condition instanceof ValueIs valueIs) {
            return entry != null && entry.value().equals(valueIs.value());
        } else if (condition instanceof VersionIs versionIs) {
            return entry != null && entry.version() == versionIs.version();
        } else if (condition instanceof AbsentSince since) {
            return entry == null && absentSince.test(since.version());
        }
        return true;
    }
}
