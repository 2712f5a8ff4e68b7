package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.machine.MachineMetadata.SessionKey;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes of requests that a client may still ask about, so that a retry is applied once (promise P1). Replicated
 * state: it changes with the log alone, and forgets by log time and by number. Written by the apply thread only.
 */
final class SessionTable {

    static final int MAX_SESSIONS = 10_000;
    static final long IDLE_MILLIS = 600_000;

    /** Least recently used first. */
    private final LinkedHashMap<SessionKey, Entry> sessions = new LinkedHashMap<>(16, 0.75f, true);

    private final MachineMetadata kept;
    private volatile int size;
    /** The last one that was restored: outcomes follow their session. */
    private @Nullable Entry restored;

    private static final class Entry {
        private final TreeMap<Long, Outcome.Written> outcomes = new TreeMap<>();
        private long completedBelow = 1;
        private long usedAtMillis;
    }

    SessionTable(MachineMetadata kept) {
        this.kept = kept;
    }

    /** Answers the first outcome of a request that was applied before; otherwise applies it and keeps what came of it. */
    Outcome once(RequestId id, long logTimeMillis, Supplier<Outcome> request) {
        SessionKey key = SessionKey.of(id);
        forgetIdle(logTimeMillis);
        Entry session = sessions.get(key);
        if (session == null) {
            if (id.completedBelow() > 1) {
                return new Outcome.Refused(
                        Status.SESSION_EXPIRED,
                        "The shard has forgotten this session, idle for ten minutes or pushed out by 10,000 others");
            }
            session = new Entry();
            sessions.put(key, session);
            size = sessions.size();
            forgetOldest();
        }
        session.usedAtMillis = logTimeMillis;
        session.completedBelow = Math.max(session.completedBelow, id.completedBelow());
        forgetAnswered(key, session);
        kept.session(key, session.completedBelow, session.usedAtMillis);
        if (id.sequence() < session.completedBelow) {
            return new Outcome.Refused(
                    Status.INVALID, "Request " + id.sequence() + " is a late duplicate: its client has its outcome");
        }
        Long sequence = id.sequence();
        Outcome.Written known = session.outcomes.get(sequence);
        if (known != null) {
            return known;
        }
        Outcome outcome = request.get();
        if (outcome instanceof Outcome.Written written) {
            session.outcomes.put(sequence, written);
            kept.answered(key, id.sequence(), written);
        }
        return outcome;
    }

    private void forgetAnswered(SessionKey key, Entry session) {
        while (!session.outcomes.isEmpty() && session.outcomes.firstKey() < session.completedBelow) {
            kept.notAnswered(key, List.of(session.outcomes.pollFirstEntry().getKey()));
        }
    }

    /** Returns how many sessions are remembered. On any thread. */
    int size() {
        return size;
    }

    /** Returns the sessions as they are now, the least recently used first, each followed by its outcomes. */
    List<ShardRecord> records() {
        List<ShardRecord> records = new ArrayList<>();
        sessions.forEach((key, session) -> {
            records.add(new ShardRecord.Session(key.high(), key.low(), session.completedBelow, session.usedAtMillis));
            session.outcomes.forEach((sequence, outcome) -> records.add(new ShardRecord.Answered(sequence, outcome)));
        });
        return records;
    }

    void restore(ShardRecord.Session record) {
        Entry session = new Entry();
        session.completedBelow = record.completedBelow();
        session.usedAtMillis = record.usedAtMillis();
        sessions.put(new SessionKey(record.high(), record.low()), session);
        size = sessions.size();
        restored = session;
    }

    /** @throws MalformedFrameException when no session was restored before it */
    void restore(ShardRecord.Answered record) {
        if (restored == null) {
            throw new MalformedFrameException("An outcome comes without its session");
        }
        restored.outcomes.put(record.sequence(), record.outcome());
    }

    private void forgetIdle(long logTimeMillis) {
        Iterator<Map.Entry<SessionKey, Entry>> oldestFirst = sessions.entrySet().iterator();
        while (oldestFirst.hasNext()) {
            Map.Entry<SessionKey, Entry> oldest = oldestFirst.next();
            if (oldest.getValue().usedAtMillis > logTimeMillis - IDLE_MILLIS) {
                return;
            }
            forget(oldestFirst, oldest);
        }
    }

    private void forgetOldest() {
        if (sessions.size() > MAX_SESSIONS) {
            Iterator<Map.Entry<SessionKey, Entry>> oldestFirst =
                    sessions.entrySet().iterator();
            forget(oldestFirst, oldestFirst.next());
        }
    }

    private void forget(Iterator<Map.Entry<SessionKey, Entry>> at, Map.Entry<SessionKey, Entry> session) {
        kept.noSession(session.getKey(), session.getValue().outcomes.keySet());
        at.remove();
        size = sessions.size();
    }
}
