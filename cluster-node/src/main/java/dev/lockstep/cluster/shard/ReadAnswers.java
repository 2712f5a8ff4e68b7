package dev.lockstep.cluster.shard;

import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The replies to reads that may be answered now, made from a replica's state at a time that judges expiry. Each carries the position
 * that its reader has seen with it. Thread-safe.
 */
final class ReadAnswers {

    private final ReplicaState state;

    ReadAnswers(ReplicaState state) {
        this.state = state;
    }

    /** Answers a get, scan or size, judging expiry by {@code nowMillis}. */
    Reply answer(Request.Read read, long nowMillis) {
        if (read instanceof Request.Get get) {
            return entries(get, nowMillis);
        } else if (read instanceof Request.Scan scan) {
            return keys(scan, nowMillis);
        }
        long count = state.store().count(read.cacheId());
        return new Reply.Count(state.applying(), nowMillis, count);
    }

    private Reply entries(Request.Get get, long nowMillis) {
        long lastVersion = lastVersion();
        List<@Nullable EntryRead> entries = new ArrayList<>(get.keys().size());
        for (Bytes key : get.keys()) {
            EntryRead entry = read(get.cacheId(), key, nowMillis);
            entries.add(
                    entry == null || get.withValues()
                            ? entry
                            : new EntryRead(Bytes.EMPTY, entry.version(), entry.deadlineMillis()));
        }
        return new Reply.Entries(state.applying(), nowMillis, lastVersion, entries);
    }

    /** Answers a read under a lease. */
    Reply leased(Request.ReadForUpdate request, long nowMillis) {
        long lastVersion = lastVersion();
        EntryRead entry = read(request.cacheId(), request.key(), nowMillis);
        return new Reply.Leased(state.applying(), nowMillis, lastVersion, entry);
    }

    private @Nullable EntryRead read(int cacheId, Bytes key, long nowMillis) {
        StoredEntry entry = state.live(cacheId, key, nowMillis);
        return entry == null ? null : new EntryRead(entry.value(), entry.version(), entry.deadlineMillis());
    }

    /** The highest version that a reader may rely on: taken before it looks, it bounds what absence was seen from below. */
    private long lastVersion() {
        return Versions.lastAt(state.applied());
    }

    private Reply keys(Request.Scan scan, long nowMillis) {
        int limit = Math.max(1, Math.min(scan.limit(), 10_000));
        List<Bytes> page = state.store().keysAfter(scan.cacheId(), scan.after(), limit);
        List<Bytes> live = page.stream()
                .filter(key -> state.live(scan.cacheId(), key, nowMillis) != null)
                .toList();
        boolean complete = page.size() < limit;
        return new Reply.Keys(state.applying(), nowMillis, complete ? live : withLast(live, page), complete);
    }

    /** The last key of a page is kept even if it is over, since the next page starts from it. */
    private static List<Bytes> withLast(List<Bytes> live, List<Bytes> page) {
        Bytes last = page.get(page.size() - 1);
        if (!live.isEmpty() && live.get(live.size() - 1).equals(last)) {
            return live;
        }
        List<Bytes> extended = new ArrayList<>(live);
        extended.add(last);
        return extended;
    }
}
