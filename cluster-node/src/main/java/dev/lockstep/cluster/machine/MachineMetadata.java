package dev.lockstep.cluster.machine;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Persists the machine's state that is no entry (sessions, tombstones, caches), record by record, in the same batches
 * as the entries; of no effect if the store keeps nothing. Each record is kept with a number that rises, which tells
 * the order of sessions and tombstones. Used by the apply thread only.
 */
final class MachineMetadata {

    private static final int HEAD = 1;
    private static final int CACHE = 2;
    private static final int SESSION = 4;
    private static final int ANSWERED = 5;
    private static final int TOMBSTONE = 6;
    private static final int HORIZON = 7;
    private static final int TERM = 8;

    private final ShardStore store;
    private final boolean isPersistent;
    private long lastNumber;
    /** The one whose outcomes are being {@link #restored}. */
    private ShardRecord.@Nullable Session session;

    /** The key of a session. */
    record SessionKey(long high, long low) {

        static SessionKey of(RequestId id) {
            return new SessionKey(id.sessionHigh(), id.sessionLow());
        }
    }

    private record Numbered(long number, ShardRecord record) implements ShardStore.MetadataRecord {
        @Override
        public byte[] encode() {
            byte[] bytes = record.encode();
            return new WireWriter(bytes.length + 16)
                    .varint(number)
                    .bytes(Bytes.of(bytes))
                    .toByteArray();
        }
    }

    MachineMetadata(ShardStore store) {
        this.store = store;
        this.isPersistent = store.isPersistent();
    }

    // What is kept

    void head(ShardRecord.Head head) {
        if (isPersistent) {
            keep(key(HEAD), head);
        }
    }

    void term(ShardRecord.Term term) {
        if (isPersistent) {
            keep(key(TERM), term);
        }
    }

    void cache(ShardRecord.Cache cache) {
        if (isPersistent) {
            keep(cacheKey(CACHE, cache.info().id()), cache);
        }
    }

    void noCache(int cacheId) {
        if (isPersistent) {
            store.deleteMetadata(cacheKey(CACHE, cacheId));
        }
    }

    /** Comes behind all other sessions. */
    void session(SessionKey key, long completedBelow, long usedAtMillis) {
        if (isPersistent) {
            keep(
                    sessionKey(SESSION, key, 0),
                    new ShardRecord.Session(key.high(), key.low(), completedBelow, usedAtMillis));
        }
    }

    void answered(SessionKey key, long sequence, Outcome.Written outcome) {
        if (isPersistent) {
            keep(sessionKey(ANSWERED, key, sequence), new ShardRecord.Answered(sequence, outcome));
        }
    }

    void notAnswered(SessionKey key, Iterable<Long> sequences) {
        if (isPersistent) {
            sequences.forEach(sequence -> store.deleteMetadata(sessionKey(ANSWERED, key, sequence)));
        }
    }

    void noSession(SessionKey key, Iterable<Long> sequences) {
        if (isPersistent) {
            store.deleteMetadata(sessionKey(SESSION, key, 0));
            notAnswered(key, sequences);
        }
    }

    /** Comes behind all others. */
    void tombstone(int cacheId, Bytes key, long version, long atMillis) {
        if (isPersistent) {
            keep(tombstoneKey(cacheId, key), new ShardRecord.Tombstone(cacheId, key, version, atMillis));
        }
    }

    void noTombstone(int cacheId, Bytes key) {
        if (isPersistent) {
            store.deleteMetadata(tombstoneKey(cacheId, key));
        }
    }

    void horizon(int cacheId, long version) {
        if (isPersistent) {
            keep(cacheKey(HORIZON, cacheId), new ShardRecord.Horizon(cacheId, version));
        }
    }

    void noHorizon(int cacheId) {
        if (isPersistent) {
            store.deleteMetadata(cacheKey(HORIZON, cacheId));
        }
    }

    /** A record of an image, in the order of images; entries and the head are not its affair. */
    void restored(ShardRecord record) {
        if (record instanceof ShardRecord.Cache cache) {
            cache(cache);
        } else if (record instanceof ShardRecord.Session next) {
            session = next;
            session(new SessionKey(next.high(), next.low()), next.completedBelow(), next.usedAtMillis());
        } else if (record instanceof ShardRecord.Answered answered && session != null) {
            answered(new SessionKey(session.high(), session.low()), answered.sequence(), answered.outcome());
        } else if (record instanceof ShardRecord.Tombstone tombstone) {
            tombstone(tombstone.cacheId(), tombstone.key(), tombstone.version(), tombstone.atMillis());
        } else if (record instanceof ShardRecord.Horizon horizon) {
            horizon(horizon.cacheId(), horizon.version());
        }
    }

    private void keep(Bytes key, ShardRecord record) {
        store.putMetadata(key, new Numbered(++lastNumber, record));
    }

    private static Bytes key(int kind) {
        return Bytes.of(new byte[] {(byte) kind});
    }

    private static Bytes cacheKey(int kind, int cacheId) {
        return Bytes.of(new WireWriter(8).u8(kind).i32(cacheId).toByteArray());
    }

    private static Bytes sessionKey(int kind, SessionKey key, long sequence) {
        return Bytes.of(new WireWriter(32)
                .u8(kind)
                .i64(key.high())
                .i64(key.low())
                .i64(sequence)
                .toByteArray());
    }

    private static Bytes tombstoneKey(int cacheId, Bytes key) {
        return Bytes.of(new WireWriter(16 + key.size())
                .u8(TOMBSTONE)
                .i32(cacheId)
                .bytes(key)
                .toByteArray());
    }

    // What was kept

    /** Goes on numbering behind what the store has. */
    void continued(Found found) {
        lastNumber = found.lastNumber;
    }

    /** The records that a store has, or had when an image of it was taken. */
    static final class Found {

        private ShardRecord.@Nullable Head head;
        private long term;
        private final List<ShardRecord> caches = new ArrayList<>();
        private final TreeMap<Long, ShardRecord.Session> sessions = new TreeMap<>();
        private final Map<SessionKey, List<ShardRecord>> answers = new HashMap<>();
        private final TreeMap<Long, ShardRecord> tombstones = new TreeMap<>();
        private final List<ShardRecord> horizons = new ArrayList<>();
        private long lastNumber;

        /** @param records passes on the keys and records */
        Found(Consumer<BiConsumer<byte[], byte[]>> records) {
            records.accept(this::take);
        }

        private void take(byte[] key, byte[] piece) {
            WireReader in = new WireReader(piece);
            long number = in.varint();
            ShardRecord record = ShardRecord.decode(in.bytes().array());
            lastNumber = Math.max(lastNumber, number);
            if (record instanceof ShardRecord.Head found) {
                head = found;
            } else if (record instanceof ShardRecord.Term found) {
                term = found.term();
            } else if (record instanceof ShardRecord.Session session) {
                sessions.put(number, session);
            } else if (record instanceof ShardRecord.Answered) {
                WireReader of = new WireReader(key);
                of.u8();
                answers.computeIfAbsent(new SessionKey(of.i64(), of.i64()), none -> new ArrayList<>())
                        .add(record);
            } else if (record instanceof ShardRecord.Tombstone) {
                tombstones.put(number, record);
            } else if (record instanceof ShardRecord.Horizon) {
                horizons.add(record);
            } else {
                caches.add(record);
            }
        }

        /** The head record after the last batch; null if there was none. */
        ShardRecord.@Nullable Head head() {
            return head;
        }

        /** The term of the last batch; 0 if unknown. */
        long term() {
            return term;
        }

        List<ShardRecord> caches() {
            return caches;
        }

        /** Sessions, each followed by its outcomes, then tombstones and horizons: as an image tells them. */
        List<ShardRecord> rest() {
            List<ShardRecord> rest = new ArrayList<>();
            sessions.values().forEach(session -> {
                rest.add(session);
                rest.addAll(answers.getOrDefault(new SessionKey(session.high(), session.low()), List.of()));
            });
            rest.addAll(tombstones.values());
            rest.addAll(horizons);
            return rest;
        }
    }
}
