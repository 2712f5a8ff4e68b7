package dev.lockstep.protocol.session;

import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Map;

/** Some parts of a write to many shards failed; all parts have ended. */
public final class PartialWriteException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient Map<Bytes, WriteResult> results;
    private final transient Map<Bytes, Throwable> failures;

    public PartialWriteException(Map<Bytes, WriteResult> results, Map<Bytes, Throwable> failures) {
        super(
                failures.size() + " of " + (results.size() + failures.size())
                        + " keys were not written, or not known to be",
                failures.values().iterator().next());
        this.results = Map.copyOf(results);
        this.failures = Map.copyOf(failures);
    }

    /** The keys that were written. */
    public Map<Bytes, WriteResult> results() {
        return results;
    }

    /** The keys that were not, or for which that is unknown, and why: {@link RequestFailedException}s. */
    public Map<Bytes, Throwable> failures() {
        return failures;
    }
}
