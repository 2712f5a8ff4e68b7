package dev.lockstep.protocol.link;

import dev.lockstep.protocol.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** The only value of {@link LocalEntry#ABSENT}. */
final class AbsentEntry implements LocalEntry {

    @Override
    public Bytes value() {
        return Bytes.EMPTY;
    }

    @Override
    public long version() {
        return 0;
    }

    @Override
    public @Nullable Object decoded() {
        return null;
    }

    @Override
    public void decoded(Object value) {
        throw new UnsupportedOperationException("there is no entry");
    }
}
