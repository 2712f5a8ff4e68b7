package dev.lockstep.cluster.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryChange.Kind;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.MutationResult;
import dev.lockstep.protocol.wire.RequestId;
import dev.lockstep.protocol.wire.Status;
import dev.lockstep.protocol.wire.Versions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardMachineTest {

    private static final int CACHE = 1;
    private static final Bytes KEY = Bytes.utf8("key");
    private static final Bytes A = Bytes.utf8("a");
    private static final Bytes B = Bytes.utf8("b");

    private final ShardStore store = empty();
    private final ShardMachine machine = new ShardMachine(store);
    private List<CacheChange> changes = List.of();
    private long position;
    private long sequence;
    private long now = 1_000;

    /** A store without entries. */
    ShardStore empty() {
        return new HeapStore();
    }

    private void define(ExpiryRule rule) {
        CacheDefinition definition = new CacheDefinition("c", "k", "v", rule, "", 0, Consistency.SESSION);
        apply(new Command.Define(new CacheInfo(CACHE, definition)));
    }

    private List<Outcome> apply(Command... commands) {
        Batch batch = new Batch(now, machine.lastPosition(), machine.checksum(), List.of(commands));
        Applied applied = machine.apply(++position, BatchCodec.decode(BatchCodec.encode(batch)));
        changes = applied.changes();
        return applied.outcomes();
    }

    private Command.Write command(Mutation mutation) {
        sequence++;
        return new Command.Write(CACHE, new RequestId(1, 2, sequence, sequence), List.of(mutation));
    }

    private MutationResult write(Mutation mutation) {
        Outcome outcome = apply(command(mutation)).get(0);
        return ((Outcome.Written) outcome).results().get(0);
    }

    private List<Kind> kinds() {
        return changes.stream().map(change -> change.change().kind()).toList();
    }

    @Test
    void putUpdatesAndRemoveTellTheirOldValuesAndChanges() {
        define(ExpiryRule.ETERNAL);
        assertThat(write(Mutation.put(KEY, A, Condition.ANY)).existed()).isFalse();
        assertThat(kinds()).containsExactly(Kind.CREATED);
        MutationResult updated = write(Mutation.put(KEY, B, Condition.ANY).returningOld());
        assertThat(updated.old()).isEqualTo(A);
        assertThat(kinds()).containsExactly(Kind.UPDATED);
        assertThat(changes.get(0).change().old()).isEqualTo(A);
        MutationResult removed = write(Mutation.remove(KEY, Condition.ANY).returningOld());
        assertThat(removed.old()).isEqualTo(B);
        assertThat(kinds()).containsExactly(Kind.REMOVED);
        assertThat(write(Mutation.remove(KEY, Condition.ANY)).changes()).isZero();
    }

    @Test
    void conditionsDecide() {
        define(ExpiryRule.ETERNAL);
        assertThat(write(Mutation.put(KEY, A, Condition.PRESENT)).applied()).isFalse();
        assertThat(write(Mutation.put(KEY, A, Condition.ABSENT)).applied()).isTrue();
        assertThat(write(Mutation.put(KEY, B, Condition.ABSENT)).applied()).isFalse();
        assertThat(write(Mutation.put(KEY, B, new Condition.ValueIs(B))).applied())
                .isFalse();
        MutationResult replaced = write(Mutation.put(KEY, B, new Condition.ValueIs(A)));
        assertThat(replaced.applied()).isTrue();
        assertThat(write(Mutation.put(KEY, A, new Condition.VersionIs(replaced.version() - 1)))
                        .applied())
                .isFalse();
        assertThat(write(Mutation.put(KEY, A, new Condition.VersionIs(replaced.version())))
                        .applied())
                .isTrue();
    }

    @Test
    void absentSinceIsNotFooledByAnEntryThatCameAndWent() {
        define(ExpiryRule.ETERNAL);
        long before = write(Mutation.remove(KEY, Condition.ANY)).version();
        assertThat(write(Mutation.put(KEY, A, new Condition.AbsentSince(before)))
                        .applied())
                .isTrue();
        long gone = write(Mutation.remove(KEY, Condition.ANY)).version();
        assertThat(write(Mutation.put(KEY, B, new Condition.AbsentSince(before)))
                        .applied())
                .isFalse();
        assertThat(write(Mutation.put(KEY, B, new Condition.AbsentSince(gone))).applied())
                .isTrue();
    }

    @Test
    void absentSinceIsNotFooledOnceTheTombstoneIsForgotten() {
        define(ExpiryRule.ETERNAL);
        long before = write(Mutation.remove(KEY, Condition.ANY)).version();
        write(Mutation.put(KEY, A, Condition.ANY));
        write(Mutation.remove(KEY, Condition.ANY));
        now += Tombstones.KEPT_MILLIS;
        write(Mutation.put(B, B, Condition.ANY));
        write(Mutation.remove(B, Condition.ANY));
        assertThat(write(Mutation.put(KEY, B, new Condition.AbsentSince(before)))
                        .applied())
                .isFalse();
    }

    @Test
    void absenceThatAReaderJudgedByHisClockIsNotRefutedByTheExpiryItself() {
        define(ExpiryRule.ETERNAL);
        write(Mutation.put(KEY, A, Condition.ANY).living(Lifetime.ofMillis(10)));
        long judgedOver = ((position + 1) << Versions.ORDINAL_BITS) - 1;
        now += 20;
        MutationResult stored = write(Mutation.put(KEY, B, new Condition.AbsentSince(judgedOver)));
        assertThat(stored.applied()).isTrue();
        assertThat(kinds()).containsExactly(Kind.EXPIRED, Kind.CREATED);
    }

    @Test
    void absenceThatAReaderJudgedByHisClockIsRefutedByATouchThatKeptTheEntryAlive() {
        define(ExpiryRule.ETERNAL);
        write(Mutation.put(KEY, A, Condition.ANY).living(Lifetime.ofMillis(10)));
        long judgedOver = ((position + 1) << Versions.ORDINAL_BITS) - 1;
        write(Mutation.touch(KEY, Condition.ANY, Lifetime.ofMillis(50)));
        now += 100;
        assertThat(write(Mutation.put(KEY, B, new Condition.AbsentSince(judgedOver)))
                        .applied())
                .isFalse();
    }

    @Test
    void absenceInOneCacheIsNotRefutedByAnotherThatIsClearedOrDropped() {
        define(ExpiryRule.ETERNAL);
        CacheDefinition other = new CacheDefinition("d", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        apply(new Command.Define(new CacheInfo(CACHE + 1, other)));
        long before = write(Mutation.remove(KEY, Condition.ANY)).version();
        apply(new Command.Clear(CACHE + 1, new RequestId(3, 4, 1, 1)));
        apply(new Command.Drop(CACHE + 1));
        assertThat(write(Mutation.put(KEY, A, new Condition.AbsentSince(before)))
                        .applied())
                .isTrue();
    }

    @Test
    void absentSinceIsNotFooledByClear() {
        define(ExpiryRule.ETERNAL);
        long before = write(Mutation.remove(KEY, Condition.ANY)).version();
        write(Mutation.put(KEY, A, Condition.ANY));
        sequence++;
        apply(new Command.Clear(CACHE, new RequestId(1, 2, sequence, sequence)));
        assertThat(kinds()).containsExactly(Kind.CLEARED);
        assertThat(write(Mutation.put(KEY, B, new Condition.AbsentSince(before)))
                        .applied())
                .isFalse();
    }

    @Test
    void aRetryGetsTheFirstOutcomeAndIsNotAppliedAgain() {
        define(ExpiryRule.ETERNAL);
        Command.Write put = command(Mutation.put(KEY, A, Condition.ANY).returningOld());
        Outcome first = apply(put).get(0);
        write(Mutation.put(KEY, B, Condition.ANY));
        Command.Write late = new Command.Write(CACHE, new RequestId(1, 2, 1, 1), put.mutations());
        assertThat(apply(late).get(0)).isInstanceOf(Outcome.Refused.class);
        assertThat(store.get(CACHE, KEY).value()).isEqualTo(B);

        Command.Write other = new Command.Write(CACHE, new RequestId(9, 9, 1, 1), put.mutations());
        Outcome once = apply(other).get(0);
        assertThat(apply(other).get(0)).isEqualTo(once).isNotEqualTo(first);
        assertThat(changes).isEmpty();
    }

    @Test
    void aForgottenSessionIsRefusedRatherThanAppliedTwice() {
        define(ExpiryRule.ETERNAL);
        write(Mutation.put(KEY, A, Condition.ANY));
        now += SessionTable.IDLE_MILLIS;
        apply(new Command.Write(CACHE, new RequestId(5, 5, 1, 1), List.of()));
        Outcome outcome = apply(command(Mutation.put(KEY, B, Condition.ANY))).get(0);
        assertThat(((Outcome.Refused) outcome).status()).isEqualTo(Status.SESSION_EXPIRED);
        assertThat(store.get(CACHE, KEY).value()).isEqualTo(A);
    }

    @Test
    void anExpiredEntryIsAbsentAndSaysSoBeforeTheNextIsCreated() {
        define(new ExpiryRule(Lifetime.ofMillis(100), Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        write(Mutation.put(KEY, A, Condition.ANY));
        now += 100;
        MutationResult result = write(Mutation.put(KEY, B, Condition.ABSENT));
        assertThat(result.applied()).isTrue();
        assertThat(result.changes()).isEqualTo(2);
        assertThat(kinds()).containsExactly(Kind.EXPIRED, Kind.CREATED);
    }

    @Test
    void aTickRemovesWhatIsDueAndNothingElse() {
        define(new ExpiryRule(Lifetime.ofMillis(100), Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        write(Mutation.put(KEY, A, Condition.ANY));
        write(Mutation.put(B, B, Condition.ANY).living(Lifetime.ETERNAL));
        assertThat(machine.nextDeadlineMillis()).isEqualTo(now + 100);
        now += 99;
        apply(new Command.Tick());
        assertThat(changes).isEmpty();
        now += 1;
        apply(new Command.Tick());
        assertThat(kinds()).containsExactly(Kind.EXPIRED);
        assertThat(store.count(CACHE)).isEqualTo(1);
        assertThat(machine.nextDeadlineMillis()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void logTimeNeverGoesBack() {
        define(new ExpiryRule(Lifetime.ofMillis(100), Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        now = 5_000;
        write(Mutation.put(KEY, A, Condition.ANY));
        now = 1_000;
        write(Mutation.put(B, B, Condition.ANY));
        assertThat(store.get(CACHE, B).deadlineMillis()).isEqualTo(5_100);
    }

    @Test
    void anEntryBornOverIsNotStoredAndAnUpdateThatIsOverRemoves() {
        define(ExpiryRule.ETERNAL);
        assertThat(write(Mutation.put(KEY, A, Condition.ANY).living(Lifetime.OVER))
                        .changes())
                .isZero();
        assertThat(store.get(CACHE, KEY)).isNull();
        write(Mutation.put(KEY, A, Condition.ANY));
        write(Mutation.put(KEY, B, Condition.ANY).living(Lifetime.OVER));
        assertThat(kinds()).containsExactly(Kind.EXPIRED);
        assertThat(store.get(CACHE, KEY)).isNull();
    }

    @Test
    void readsProlongByTheAccessRule() {
        define(new ExpiryRule(Lifetime.ofMillis(100), Lifetime.UNCHANGED, Lifetime.ofMillis(100)));
        long version = write(Mutation.put(KEY, A, Condition.ANY)).version();
        now += 50;
        write(Mutation.touch(KEY, Condition.ANY, Lifetime.BY_RULE));
        assertThat(store.get(CACHE, KEY).deadlineMillis()).isEqualTo(now + 100);
        assertThat(store.get(CACHE, KEY).version()).isEqualTo(version);
        now += 50;
        assertThat(write(Mutation.remove(KEY, new Condition.ValueIs(B))).applied())
                .isFalse();
        assertThat(store.get(CACHE, KEY).deadlineMillis()).isEqualTo(now + 100);
    }

    @Test
    void evictionSparesWhatHasChangedSinceItWasChosen() {
        define(ExpiryRule.ETERNAL);
        long chosen = write(Mutation.put(KEY, A, Condition.ANY)).version();
        write(Mutation.put(KEY, B, Condition.ANY));
        apply(new Command.Evict(CACHE, List.of(new Command.Evict.Victim(KEY, chosen))));
        assertThat(store.count(CACHE)).isEqualTo(1);
        long current = store.get(CACHE, KEY).version();
        apply(new Command.Evict(CACHE, List.of(new Command.Evict.Victim(KEY, current))));
        assertThat(kinds()).containsExactly(Kind.EVICTED);
    }

    @Test
    void anUnknownOrDroppedCacheIsRefused() {
        assertThat(apply(command(Mutation.put(KEY, A, Condition.ANY))).get(0)).isInstanceOf(Outcome.Refused.class);
        define(ExpiryRule.ETERNAL);
        write(Mutation.put(KEY, A, Condition.ANY));
        apply(new Command.Drop(CACHE));
        assertThat(store.count(CACHE)).isZero();
        assertThat(machine.checksum()).isZero();
        assertThat(apply(command(Mutation.put(KEY, A, Condition.ANY))).get(0)).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void aReplicaThatDiffersFromItsLeaderStops() {
        define(ExpiryRule.ETERNAL);
        Batch fromAnother = new Batch(now, machine.lastPosition(), machine.checksum() + 1, List.of());
        assertThatThrownBy(() -> machine.apply(position + 1, fromAnother)).isInstanceOf(DivergenceException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithAPlainMapAndWithAnotherReplica(long seed) {
        define(ExpiryRule.ETERNAL);
        ShardMachine replica = new ShardMachine(empty());
        replica.apply(position, new Batch(now, 0, 0, List.of(new Command.Define(machine.definition(CACHE)))));
        Map<Bytes, Bytes> model = new HashMap<>();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            Mutation mutation = randomMutation(random);
            Bytes before = model.get(mutation.key());
            boolean expected = holds(mutation.condition(), before);
            if (expected) {
                model.compute(mutation.key(), (key, value) -> mutation.value());
            }
            Command command = command(mutation.returningOld());
            Batch batch = new Batch(now, machine.lastPosition(), machine.checksum(), List.of(command));
            Applied applied = machine.apply(++position, batch);
            assertThat(replica.apply(position, batch)).isEqualTo(applied);
            MutationResult result =
                    ((Outcome.Written) applied.outcomes().get(0)).results().get(0);
            assertThat(result.applied()).isEqualTo(expected);
            assertThat(result.old()).isEqualTo(before);
        }
        assertThat(replica.checksum()).isEqualTo(machine.checksum());
        assertThat(store.keysAfter(CACHE, null, 100)).containsExactlyInAnyOrderElementsOf(model.keySet());
        model.forEach((key, value) -> assertThat(store.get(CACHE, key).value()).isEqualTo(value));
    }

    private static Mutation randomMutation(Random random) {
        Bytes key = Bytes.utf8("k" + random.nextInt(20));
        Bytes value = Bytes.utf8("v" + random.nextInt(3));
        List<Condition> conditions = new ArrayList<>(
                List.of(Condition.ANY, Condition.ABSENT, Condition.PRESENT, new Condition.ValueIs(value)));
        Condition condition = conditions.get(random.nextInt(conditions.size()));
        return random.nextInt(3) == 0 ? Mutation.remove(key, condition) : Mutation.put(key, value, condition);
    }

    private static boolean holds(Condition condition, Bytes value) {
        if (condition instanceof Condition.ValueIs valueIs) {
            return valueIs.value().equals(value);
        }
        return condition.equals(Condition.ANY) || condition.equals(Condition.ABSENT) == (value == null);
    }
}
