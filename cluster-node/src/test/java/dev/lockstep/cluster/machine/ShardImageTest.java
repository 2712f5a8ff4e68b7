package dev.lockstep.cluster.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.machine.Command.Evict.Victim;
import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.StoredEntry;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A machine made from an image goes on as the one does of which it was taken. */
class ShardImageTest {

    static final int BATCHES = 150;

    final Random random;
    final ShardStore store = empty();
    private final ShardMachine machine = new ShardMachine(store);
    final List<Batch> batches = new ArrayList<>();
    private final List<Applied> applied = new ArrayList<>();
    private final long[] sequences = new long[5];
    private long now = 10_000;

    ShardImageTest() {
        random = new Random();
    }

    /** A store without entries, for the machine that is written to. */
    ShardStore empty() {
        return new HeapStore();
    }

    /** Likewise, for the one that is made from an image. */
    ShardStore toRestoreInto() {
        return new HeapStore();
    }

    /** One of the same kind, of which nothing has happened. */
    ShardImageTest another() {
        return new ShardImageTest();
    }

    /** Returns the number of runs for each seed. */
    int runs() {
        return 20;
    }

    // What happens

    private static CacheInfo cache(int id) {
        Lifetime access = id == 3 ? new Lifetime(700) : Lifetime.UNCHANGED;
        Lifetime created = id == 1 ? Lifetime.ETERNAL : new Lifetime(500);
        return new CacheInfo(
                id,
                new CacheDefinition(
                        "c" + id,
                        "k",
                        "v",
                        new ExpiryRule(created, Lifetime.UNCHANGED, access),
                        "",
                        0,
                        Consistency.SESSION));
    }

    void applyNext() {
        now += random.nextInt(200);
        List<Command> commands = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            commands.add(command());
        }
        Batch batch = new Batch(now, machine.lastPosition(), machine.checksum(), commands);
        batches.add(batch);
        applied.add(machine.apply(2L * batches.size(), batch));
    }

    private Command command() {
        int cache = 1 + random.nextInt(3);
        int kind = random.nextInt(40);
        if (kind == 0) {
            return new Command.Clear(cache, request());
        } else if (kind == 1) {
            return new Command.Drop(cache);
        } else if (kind < 6) {
            return new Command.Define(cache(cache));
        } else if (kind < 9) {
            return new Command.Tick();
        } else if (kind < 12) {
            Bytes key = key();
            StoredEntry entry = store.get(cache, key);
            return new Command.Evict(cache, List.of(new Victim(key, entry == null ? 1 : entry.version())));
        }
        List<Mutation> mutations = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            mutations.add(mutation(cache));
        }
        return new Command.Write(cache, request(), mutations);
    }

    private Mutation mutation(int cache) {
        Bytes key = key();
        StoredEntry entry = store.get(cache, key);
        Condition condition = switch (random.nextInt(6)) {
            case 0 -> Condition.ABSENT;
            case 1 -> Condition.PRESENT;
            case 2 -> new Condition.VersionIs(entry == null ? 1 : entry.version());
            case 3 -> new Condition.AbsentSince(random.nextLong(1, (3L * (batches.size() + 2)) << 16));
            default -> Condition.ANY;
        };
        return switch (random.nextInt(5)) {
            case 0 -> Mutation.remove(key, condition).returningOld();
            case 1 -> Mutation.touch(key, condition, Lifetime.BY_RULE);
            default ->
                Mutation.put(key, Bytes.utf8("v" + random.nextInt()), condition).returningOld();
        };
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private Bytes key() {
        return key(random.nextInt(60));
    }

    /** Some of them again. */
    private RequestId request() {
        int session = random.nextInt(sequences.length);
        if (sequences[session] == 0 || random.nextInt(4) > 0) {
            sequences[session]++;
        }
        return new RequestId(session, 9, sequences[session], Math.max(1, sequences[session] - 2));
    }

    // What is to come of it

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aRestoredMachineGoesOnAlike(long seed) {
        for (int run = 0; run < runs(); run++) {
            another().run(seed * 1_000 + run);
        }
    }

    private void run(long seed) {
        random.setSeed(seed);
        int at = random.nextInt(BATCHES);
        for (int i = 0; i < at; i++) {
            applyNext();
        }
        List<byte[]> records = new ArrayList<>();
        try (Checkpointed.Image image = machine.image()) {
            for (int i = random.nextInt(20); i >= 0; i--) {
                applyNext();
            }
            image.forEach(record -> {
                records.add(record);
                if (random.nextInt(10) == 0) {
                    applyNext(); // as another thread would
                }
            });
        }
        while (batches.size() < at + BATCHES) {
            applyNext();
        }
        ShardMachine other = new ShardMachine(toRestoreInto());
        records.forEach(other::restore);
        other.restored();
        assertGoesOn(seed, at, other);
    }

    /** Asserts that a machine which is where this one was after some batches comes to the same by the rest. */
    void assertGoesOn(long seed, int at, ShardMachine other) {
        assertThat(other.lastPosition()).as("seed %d", seed).isEqualTo(2L * at);
        for (int i = at; i < batches.size(); i++) {
            Applied again = other.apply(2L * (i + 1), batches.get(i));
            assertThat(again).as("seed %d, batch %d after %d", seed, i, at).isEqualTo(applied.get(i));
        }
        assertThat(other.checksum()).isEqualTo(machine.checksum());
        assertThat(other.nextDeadlineMillis()).isEqualTo(machine.nextDeadlineMillis());
        assertThat(other.caches()).isEqualTo(machine.caches());
    }

    @Test
    void anIncompleteImageIsRefused() {
        random.setSeed(5);
        for (int i = 0; i < BATCHES; i++) {
            applyNext();
        }
        List<byte[]> records = new ArrayList<>();
        try (Checkpointed.Image image = machine.image()) {
            image.forEach(records::add);
        }
        int entries = 0;
        for (int missing = 0; missing < records.size(); missing++) {
            if (ShardRecord.decode(records.get(missing)) instanceof ShardRecord.Entry) {
                entries++;
                ShardMachine other = new ShardMachine(toRestoreInto());
                for (int i = 0; i < records.size(); i++) {
                    if (i != missing) {
                        other.restore(records.get(i));
                    }
                }
                assertThatThrownBy(other::restored).isInstanceOf(MalformedFrameException.class);
            }
        }
        assertThat(entries).isPositive();
    }
}
