package dev.lockstep.jcache.marshalling;

import java.io.ObjectInputFilter;
import org.jspecify.annotations.Nullable;

/** The bounds of one serialization stream, and which of them it has exceeded. Used by one thread. */
final class StreamBounds implements ObjectInputFilter {

    static final int MAX_DEPTH = 200;
    static final int MAX_REFERENCES = 1_000_000;
    /**
     * For each byte of a stream. An element has a byte at least; a hash table is made up to four times larger than its
     * entries, then rounded up.
     */
    private static final long MAX_ELEMENTS = 8;

    private final int bytes;
    private long elements;
    private @Nullable String exceeded;

    /** @param bytes of the stream; what its arrays claim to hold, all together, is bounded by them */
    StreamBounds(int bytes) {
        this.bytes = bytes;
    }

    /** The bound that was exceeded, in words; null when none was. */
    @Nullable
    String exceeded() {
        return exceeded;
    }

    /** Judges no classes: which may be read was decided before they were loaded, and what those make of themselves is theirs. */
    @Override
    public Status checkInput(FilterInfo info) {
        elements += Math.max(0, info.arrayLength());
        if (info.depth() > MAX_DEPTH) {
            exceeded = tooDeep();
        } else if (info.references() > MAX_REFERENCES) {
            exceeded = String.format("it holds more than %,d references", MAX_REFERENCES);
        } else if (elements > MAX_ELEMENTS * bytes) {
            exceeded = "its arrays claim more than " + MAX_ELEMENTS + " elements for each of its bytes";
        }
        return exceeded == null ? Status.ALLOWED : Status.REJECTED;
    }

    static String tooDeep() {
        return "its objects are nested more than " + MAX_DEPTH + " levels deep";
    }
}
