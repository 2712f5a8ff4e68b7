package dev.lockstep.cluster.machine;

import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The outcomes of requests that a client may still ask about, so that a retry is applied once (promise P1). Replicated
 * state: it changes with the log alone, and forgets by log time and by number. Written by the apply thread only.
 */
final class SessionTable {

    static final int MAX_SESSIONS = 10_000;
    static final long IDLE_MILLIS = 600_000;

    /** Least recently used first. */
    private final LinkedHashMap<SessionKey, Entry> sessions = new LinkedHashMap<>(16, 0.75f, true);

    private record SessionKey(long high, long low) {}

    private static final class Entry {
        private final TreeMap<Long, Outcome> outcomes = new TreeMap<>();
        private long completedBelow = 1;
        private long usedAtMillis;
    }

    /** Answers the first outcome of a request that was applied before; otherwise applies it and keeps what came of it. */
    Outcome once(RequestId id, long logTimeMillis, Supplier<Outcome> request) {
        SessionKey key = new SessionKey(id.sessionHigh(), id.sessionLow());
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
            forgetOldest();
        }
        session.usedAtMillis = logTimeMillis;
        session.completedBelow = Math.max(session.completedBelow, id.completedBelow());
        session.outcomes.headMap(session.completedBelow).clear();
        if (id.sequence() < session.completedBelow) {
            return new Outcome.Refused(
                    Status.INVALID, "Request " + id.sequence() + " is a late duplicate: its client has its outcome");
        }
        Outcome known = session.outcomes.get(id.sequence());
        if (known != null) {
            return known;
        }
        Outcome outcome = request.get();
        if (outcome instanceof Outcome.Written) {
            session.outcomes.put(id.sequence(), outcome);
        }
        return outcome;
    }

    private void forgetIdle(long logTimeMillis) {
        Iterator<Map.Entry<SessionKey, Entry>> oldestFirst = sessions.entrySet().iterator();
        while (oldestFirst.hasNext()) {
            if (oldestFirst.next().getValue().usedAtMillis > logTimeMillis - IDLE_MILLIS) {
                return;
            }
            oldestFirst.remove();
        }
    }

    private void forgetOldest() {
        if (sessions.size() > MAX_SESSIONS) {
            Iterator<SessionKey> oldestFirst = sessions.keySet().iterator();
            oldestFirst.next();
            oldestFirst.remove();
        }
    }
}
