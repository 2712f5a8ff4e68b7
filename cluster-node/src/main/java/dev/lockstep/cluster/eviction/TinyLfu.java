package dev.lockstep.cluster.eviction;

import dev.lockstep.protocol.wire.Bytes;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The order in which keys should go, by the W-TinyLFU policy: new keys pass through a small window, and a key that
 * leaves it stays only if it is used more often than the coldest of the others. It drops nothing by itself, and its
 * answers depend on what it was told and nothing else. Not thread-safe.
 */
final class TinyLfu {

    /** The divisor that gives the window's part of all keys. */
    private static final int WINDOW_PART = 100;
    /** The most per cent of keys outside the window that are protected: they were used again. */
    private static final int PROTECTED_PERCENT = 80;

    private final FrequencySketch sketch = new FrequencySketch();
    // Each from the one that was used longest ago.
    private final Set<Bytes> window = new LinkedHashSet<>();
    private final Set<Bytes> candidates = new LinkedHashSet<>();
    private final Set<Bytes> probation = new LinkedHashSet<>();
    private final Set<Bytes> shielded = new LinkedHashSet<>();
    private final List<Set<Bytes>> all = List.of(window, candidates, probation, shielded);

    int size() {
        return window.size() + candidates.size() + probation.size() + shielded.size();
    }

    /** Records that the key was stored, for the first time or again. */
    void written(Bytes key) {
        sketch.used(key);
        if (!moved(key)) {
            window.add(key);
            sketch.ensureRoomFor(size());
        }
        while (window.size() > Math.max(1, size() / WINDOW_PART)) {
            candidates.add(takeFirst(window));
        }
    }

    /** The key was read; of no effect if it is not known. */
    void read(Bytes key) {
        if (moved(key)) {
            sketch.used(key);
        }
    }

    private boolean moved(Bytes key) {
        if (window.remove(key)) {
            return window.add(key);
        } else if (candidates.remove(key) || probation.remove(key)) {
            shielded.add(key);
            while (shielded.size() * 100L > (long) PROTECTED_PERCENT * (size() - window.size())) {
                probation.add(takeFirst(shielded));
            }
            return true;
        }
        return shielded.remove(key) && shielded.add(key);
    }

    /** The key is there, and nothing is known of its use. */
    void found(Bytes key) {
        if (all.stream().noneMatch(keys -> keys.contains(key))) {
            probation.add(key);
            sketch.ensureRoomFor(size());
        }
    }

    /** The key is there no more. */
    void removed(Bytes key) {
        all.forEach(keys -> keys.remove(key));
    }

    /** No key is there any more. */
    void cleared() {
        all.forEach(Set::clear);
    }

    /** Takes out the key that should go next; null if there is none. */
    @Nullable
    Bytes next() {
        if (candidates.isEmpty() || probation.isEmpty()) {
            Set<Bytes> keys = firstNotEmpty();
            return keys.isEmpty() ? null : takeFirst(keys);
        }
        Bytes candidate = candidates.iterator().next();
        Bytes coldest = probation.iterator().next();
        if (sketch.frequency(candidate) > sketch.frequency(coldest)) {
            candidates.remove(candidate);
            probation.remove(coldest);
            probation.add(candidate);
            return coldest;
        }
        candidates.remove(candidate);
        return candidate;
    }

    private Set<Bytes> firstNotEmpty() {
        if (!probation.isEmpty()) {
            return probation;
        } else if (!candidates.isEmpty()) {
            return candidates;
        }
        return shielded.isEmpty() ? window : shielded;
    }

    /** Admits all that are left, since there is room: those that have left the window since need not be compared. */
    void admit() {
        probation.addAll(candidates);
        candidates.clear();
    }

    private static Bytes takeFirst(Set<Bytes> keys) {
        var oldestFirst = keys.iterator();
        Bytes first = oldestFirst.next();
        oldestFirst.remove();
        return first;
    }
}
