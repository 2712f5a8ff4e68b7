package dev.lockstep.cluster.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.Checkpointed;
import dev.lockstep.cluster.machine.Batch;
import dev.lockstep.cluster.machine.Command;
import dev.lockstep.cluster.machine.Outcome;
import dev.lockstep.cluster.store.heap.HeapStore;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.CacheInfo;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A leader, which applies the batches that it proposed, and a follower, which applies what it decodes of their bytes. */
class ProposedAndDecodedBatchesTest {

    private static final int CACHE = 1;
    private static final int KEYS = 8;

    private final ReplicaState leader = new ReplicaState(0, HeapStore.FACTORY, Runnable::run, ChangeWindow.MAX_BYTES);
    private final ReplicaState follower = new ReplicaState(0, HeapStore.FACTORY, Runnable::run, ChangeWindow.MAX_BYTES);
    private final Random random = new Random(1);
    private long sequence;

    @Test
    void theLeaderAndAFollowerHaveTheSameStateAndResults() {
        apply(
                1,
                List.of(new Command.Define(new CacheInfo(
                        CACHE, new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION)))));
        for (int position = 2; position < 500; position++) {
            List<Command> commands = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(4); i++) {
                commands.add(command());
            }
            apply(position, commands);
        }
        assertThat(records(leader)).isNotEmpty().isEqualTo(records(follower));
    }

    @Test
    void aListThatIsChangedAfterProposingChangesNothing() {
        apply(
                1,
                List.of(new Command.Define(new CacheInfo(
                        CACHE, new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION)))));
        List<Mutation> mutations = new ArrayList<>(List.of(Mutation.put(key(0), key(1), Condition.ANY)));
        List<Command.Evict.Victim> victims = new ArrayList<>();
        Batch batch =
                leader.batch(2, List.of(new Command.Write(CACHE, id(), mutations), new Command.Evict(CACHE, victims)));
        byte[] bytes = leader.encode(batch);
        mutations.clear();
        victims.add(new Command.Evict.Victim(key(0), Long.MAX_VALUE));
        assertThat(leader.apply(2, batch)).isEqualTo(follower.replay(2, bytes));
        assertThat(records(leader)).isEqualTo(records(follower));
    }

    private void apply(long position, List<Command> commands) {
        Batch batch = leader.batch(position * 10, commands);
        byte[] bytes = leader.encode(batch);
        List<Outcome> outcomes = leader.apply(position, batch);
        assertThat(follower.replay(position, bytes)).isEqualTo(outcomes);
        assertThat(checksum(follower)).isEqualTo(checksum(leader));
    }

    /** Returns the checksum of the entries after the last batch, which the next one carries. */
    private static long checksum(ReplicaState state) {
        return state.batch(0, List.of()).previousChecksum();
    }

    private Command command() {
        return switch (random.nextInt(8)) {
            case 0 -> new Command.Tick();
            case 1 -> new Command.Evict(CACHE, List.of(new Command.Evict.Victim(key(), random.nextInt(500))));
            case 2 -> random.nextInt(5) == 0 ? new Command.Clear(CACHE, id()) : new Command.Tick();
            default -> new Command.Write(CACHE, id(), List.of(mutation(), mutation()));
        };
    }

    private Mutation mutation() {
        return switch (random.nextInt(4)) {
            case 0 -> Mutation.remove(key(), Condition.ANY).returningOld();
            case 1 -> Mutation.touch(key(), Condition.ANY, Lifetime.ofMillis(random.nextInt(1, 200)));
            default -> Mutation.put(key(), key(), Condition.ANY).living(Lifetime.ofMillis(random.nextInt(1, 2_000)));
        };
    }

    private Bytes key() {
        return key(random.nextInt(KEYS));
    }

    private static Bytes key(int number) {
        return Bytes.utf8("key-" + number);
    }

    private RequestId id() {
        sequence++;
        return new RequestId(1, 2, sequence, sequence);
    }

    private static List<Bytes> records(ReplicaState state) {
        List<Bytes> records = new ArrayList<>();
        try (Checkpointed.Image image = state.image()) {
            image.forEach(record -> records.add(Bytes.of(record)));
        }
        return records;
    }
}
