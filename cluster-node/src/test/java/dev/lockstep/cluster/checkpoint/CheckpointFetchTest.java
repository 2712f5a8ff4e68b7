package dev.lockstep.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.consensus.RecordingMachine;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.routing.SimulatedWorld;
import dev.lockstep.protocol.runtime.DutyCycle;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One replica fetches the checkpoint of another, whatever becomes of single pieces. */
class CheckpointFetchTest {

    private static final int GROUP = 1;
    private static final int PIECES = 5;

    @TempDir
    private Path home;

    private final SimulatedWorld world = new SimulatedWorld();
    private final RecordingMachine leading = new RecordingMachine();
    private final RecordingMachine following = new RecordingMachine();
    private final List<Wanted> asked = new ArrayList<>();
    private final Random random = new Random(3);
    private Checkpointer taking;
    private CheckpointFolder folder;
    private final List<String> progress = new ArrayList<>();
    private long rate = 500_000_000;
    private long position;

    @BeforeEach
    void open() throws IOException {
        taking = new Checkpointer(
                "The leader",
                new CheckpointFolder(home.resolve("leader"), GROUP),
                leading,
                world,
                DutyCycle.full(),
                world,
                new Checkpointer.Interval(100, Duration.ofDays(1)));
        folder = new CheckpointFolder(home.resolve("follower"), GROUP);
        grow();
        world.pass(Duration.ofMillis(1));
    }

    /** Adds as many entries as make a checkpoint of {@link #PIECES} pieces. */
    private void grow() {
        for (int i = 0; i < 100; i++) {
            position++;
            byte[] noise = new byte[100];
            random.nextBytes(noise);
            leading.apply(position, noise);
            taking.applied(1, position);
        }
    }

    private CompletableFuture<Restored> fetch(CheckpointFetch.Source source) {
        return fetch(source, 0);
    }

    private CompletableFuture<Restored> fetch(CheckpointFetch.Source source, long least) {
        return new CheckpointFetch(
                        folder,
                        following::restoration,
                        source,
                        new ByteRate(rate, 0, world),
                        (bytes, size) -> progress.add(bytes + "/" + size),
                        world,
                        TimeUnit.SECONDS.toNanos(1),
                        least)
                .begin();
    }

    private @Nullable CheckpointPiece piece(Wanted wanted, int most) {
        asked.add(wanted);
        try {
            CheckpointPiece whole = taking.piece(wanted);
            return whole == null || whole.bytes().size() <= most
                    ? whole
                    : new CheckpointPiece(
                            whole.id(),
                            whole.size(),
                            whole.offset(),
                            Bytes.of(Arrays.copyOf(whole.bytes().array(), most)));
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private int most() throws IOException {
        long size = Files.size(
                home.resolve("leader").resolve("checkpoint-1-" + taking.newest().position()));
        return (int) (size / PIECES + 1);
    }

    private void becomes(CompletableFuture<Restored> fetched) {
        world.pass(Duration.ofMinutes(1));
        Restored restored = fetched.join();
        restored.restoration().done(restored.id().position());
        assertThat(restored.id()).isEqualTo(taking.newest());
        assertThat(following.texts())
                .isEqualTo(leading.texts().subList(0, (int) restored.id().position()));
    }

    @Test
    void aCheckpointIsFetchedPieceByPiece() throws IOException {
        int most = most();
        becomes(fetch((wanted, answer) -> answer.accept(piece(wanted, most))));
        assertThat(asked).hasSize(PIECES);
    }

    @Test
    void piecesAreFetchedAtTheAllowedRateAndProgressIsReported() throws IOException {
        int most = most();
        long size = Files.size(
                home.resolve("leader").resolve("checkpoint-1-" + taking.newest().position()));
        rate = size / 10;
        CompletableFuture<Restored> fetched = fetch((wanted, answer) -> answer.accept(piece(wanted, most)));
        world.pass(Duration.ofSeconds(7)); // of five pieces two seconds each, the last needs no wait
        assertThat(fetched).isNotDone();
        assertThat(progress).contains("0/" + size, 4L * most + "/" + size).doesNotContain(size + "/" + size);
        becomes(fetched);
        assertThat(progress).last().isEqualTo(size + "/" + size);
    }

    /** Its voters are not on the disk before that. */
    @Test
    void aFetchedCheckpointIsNotRestoredByAStartBeforeItIsKept() throws IOException {
        CompletableFuture<Restored> fetched =
                fetch((wanted, answer) -> answer.accept(piece(wanted, Integer.MAX_VALUE)));
        world.pass(Duration.ofMinutes(1));
        CheckpointId id = fetched.join().id();
        assertThat(folder.newest()).isNull();
        folder.keep(id);
        folder.keep(id);
        assertThat(folder.newest()).isEqualTo(id);
    }

    @Test
    void onlyMissingPiecesAreAskedForAgain() throws IOException {
        int most = most();
        becomes(fetch((wanted, answer) -> {
            CheckpointPiece piece = piece(wanted, most);
            if (asked.size() % 2 == 0) {
                answer.accept(piece);
            } else if (asked.size() % 3 == 0) {
                answer.accept(null);
            }
        }));
        assertThat(asked).hasSizeLessThanOrEqualTo(2 * PIECES);
    }

    @Test
    void aLaterFetchGoesOnWhereTheOneBeforeEnded() throws IOException {
        int most = most();
        CompletableFuture<Restored> first =
                fetch((wanted, answer) -> answer.accept(asked.size() < 2 ? piece(wanted, most) : null));
        world.pass(Duration.ofMinutes(1));
        assertThat(first).isCompletedExceptionally();
        asked.clear();
        becomes(fetch((wanted, answer) -> answer.accept(piece(wanted, most))));
        assertThat(asked).hasSize(PIECES - 2 + 1); // the first asks what there is
    }

    @Test
    void oneThatWasBegunBeforeIsNotGivenOutInPlaceOfAFetchedOne() throws IOException {
        grow();
        world.pass(Duration.ofMillis(1));
        CompletableFuture<Restored> fetched =
                fetch((wanted, answer) -> answer.accept(piece(wanted, Integer.MAX_VALUE)));
        world.pass(Duration.ofMinutes(1));
        Checkpointer second = new Checkpointer(
                "The follower",
                folder,
                following,
                world,
                DutyCycle.full(),
                world,
                new Checkpointer.Interval(100, Duration.ofDays(1)));
        for (int i = 1; i <= 100; i++) {
            following.apply(i, new byte[100]);
            second.applied(1, i); // the last begins a checkpoint, which is written later
        }
        folder.keep(fetched.join().id());
        second.become(fetched.join());
        world.pass(Duration.ofMillis(1));
        assertThat(Files.exists(home.resolve("follower").resolve("checkpoint-1-100")))
                .as("it has been written")
                .isTrue();

        assertThat(second.newest()).isEqualTo(taking.newest());
        assertThat(second.piece(new Wanted(0, 0, 0)).id()).isEqualTo(taking.newest());
    }

    @Test
    void aNewerOneIsBegunAnew() throws IOException {
        int most = most();
        CheckpointId first = taking.newest();
        becomes(fetch((wanted, answer) -> {
            answer.accept(piece(wanted, most));
            if (asked.size() == 2) {
                for (int i = 0; i < 11; i++) {
                    grow(); // longer than it waits for the fetching replica
                }
            }
        }));
        assertThat(taking.newest()).isNotEqualTo(first);
    }

    @Test
    void aCorruptPieceIsRefusedAndDiscarded() throws IOException {
        int most = most();
        CompletableFuture<Restored> fetched = fetch((wanted, answer) -> {
            CheckpointPiece piece = piece(wanted, most);
            if (asked.size() == 3) {
                piece.bytes().array()[7] ^= 4;
            }
            answer.accept(piece);
        });
        world.pass(Duration.ofMinutes(1));
        assertThat(fetched).isCompletedExceptionally();
        assertThat(following.applied()).isEmpty();
        asked.clear();
        becomes(fetch((wanted, answer) -> answer.accept(piece(wanted, most))));
        assertThat(asked).hasSize(PIECES);
    }

    @Test
    void noNewOneIsTakenWhileOneIsFetched() throws IOException {
        int most = most();
        CheckpointId first = taking.newest();
        piece(new Wanted(0, 0, 0), most);
        grow();
        world.pass(Duration.ofMillis(1));
        assertThat(taking.newest()).isEqualTo(first);
        world.pass(Duration.ofSeconds(11));
        position++;
        leading.apply(position, new byte[1]);
        taking.applied(1, position);
        world.pass(Duration.ofSeconds(1));
        assertThat(taking.newest().position()).isEqualTo(position);
    }

    @Test
    void oneThatEndsTooEarlyIsNotFetched() throws IOException {
        int most = most();
        long newest = taking.newest().position();
        CompletableFuture<Restored> early = fetch((wanted, answer) -> answer.accept(piece(wanted, most)), newest + 1);
        world.pass(Duration.ofMinutes(1));
        assertThat(early).isCompletedExceptionally();
        assertThat(asked).hasSize(1);
        becomes(fetch((wanted, answer) -> answer.accept(piece(wanted, most)), newest));
    }
}
