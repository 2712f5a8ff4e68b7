package dev.lockstep.cluster.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Messages;
import java.nio.ByteBuffer;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Whatever can be proposed survives the log; cut short it is malformed; with a bit turned it is read or malformed. */
class BatchPropertiesTest {

    @Provide
    static Arbitrary<Batch> batches() {
        var ids = Arbitraries.integers().greaterOrEqual(0);
        var victims = Combinators.combine(Messages.bytes(), Arbitraries.longs())
                .as(Command.Evict.Victim::new)
                .list()
                .ofMaxSize(4);
        Arbitrary<Command> commands = Arbitraries.oneOf(
                Combinators.combine(
                                ids,
                                Messages.requestIds(),
                                Messages.mutations().list().ofMaxSize(4))
                        .as(Command.Write::new),
                Combinators.combine(ids, Messages.requestIds()).as(Command.Clear::new),
                Messages.caches().map(Command.Define::new),
                ids.map(Command.Drop::new),
                Arbitraries.just(new Command.Tick()),
                Combinators.combine(ids, victims).as(Command.Evict::new));
        var numbers = Arbitraries.longs();
        return Combinators.combine(numbers, numbers, numbers, commands.list().ofMaxSize(6))
                .as(Batch::new);
    }

    @Property(tries = 500)
    void aBatchSurvives(@ForAll("batches") Batch batch) {
        assertThat(BatchCodec.decode(BatchCodec.encode(batch))).isEqualTo(batch);
    }

    @Property(tries = 300)
    void theBytesTellWhetherABatchVisitsWholeCaches(@ForAll("batches") Batch batch) {
        boolean visits = batch.commands().stream()
                .anyMatch(command -> command instanceof Command.Clear || command instanceof Command.Drop);
        assertThat(BatchCodec.visitsWholeCaches(ByteBuffer.wrap(BatchCodec.encode(batch))))
                .isEqualTo(visits);
    }

    @Property(tries = 300)
    void aBatchCutShortIsMalformed(@ForAll("batches") Batch batch, @ForAll @IntRange(max = 9_999) int at) {
        byte[] entry = BatchCodec.encode(batch);
        byte[] cut = Arrays.copyOf(entry, at % entry.length);
        assertThatThrownBy(() -> BatchCodec.decode(cut)).isInstanceOf(MalformedFrameException.class);
    }

    @Property(tries = 300)
    void aTurnedBitIsReadOrMalformed(@ForAll("batches") Batch batch, @ForAll @IntRange(max = 99_999) int bit) {
        byte[] entry = BatchCodec.encode(batch);
        int at = (bit / 8) % entry.length;
        entry[at] = (byte) (entry[at] ^ (1 << (bit % 8)));
        BatchFuzz.fuzzerTestOneInput(entry);
    }
}
