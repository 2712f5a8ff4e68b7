package dev.lockstep.cluster.checkpoint;

import dev.lockstep.cluster.checkpoint.CheckpointFolder.Restored;
import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.checkpoint.Checkpointed.Restoration;
import dev.lockstep.cluster.rates.ByteRate;
import dev.lockstep.protocol.runtime.EventLoop;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fetches the newest checkpoint of another replica, piece after piece, and goes on where it was if one does not come. Lives on
 * the loop it is given.
 */
public final class CheckpointFetch {

    private static final int MAX_FAILURES = 5;
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final CheckpointFolder folder;
    private final Supplier<Restoration> restorations;
    private final Source source;
    private final ByteRate rate;
    private final Progress progress;
    private final EventLoop loop;
    private final long patienceNanos;
    private final long least;
    private final CompletableFuture<Restored> done = new CompletableFuture<>();
    private @Nullable CheckpointId id;
    private long have;
    private int asked;
    private int failures;

    /** Another replica. */
    public interface Source {

        /** @param answer takes the piece, or null if there was none; told once, on any thread */
        void ask(Wanted wanted, Consumer<@Nullable CheckpointPiece> answer);
    }

    /** Hears how much of the checkpoint has come. */
    public interface Progress {

        /**
         * @param bytes received so far, those of an earlier attempt included
         * @param size of the checkpoint
         */
        void received(long bytes, long size);
    }

    /**
     * @param rate at which the node fetches checkpoints
     * @param progress told on the loop
     * @param patienceNanos how long a piece may take
     * @param least the position that a checkpoint must not end before: what ends earlier is not fetched
     */
    public CheckpointFetch(
            CheckpointFolder folder,
            Supplier<Restoration> restorations,
            Source source,
            ByteRate rate,
            Progress progress,
            EventLoop loop,
            long patienceNanos,
            long least) {
        this.folder = folder;
        this.restorations = restorations;
        this.source = source;
        this.rate = rate;
        this.progress = progress;
        this.loop = loop;
        this.patienceNanos = patienceNanos;
        this.least = least;
    }

    /**
     * Begins; to be called once. Fails when several pieces in a row did not come, when what came is corrupt, or when there is
     * none that is late enough.
     */
    public CompletableFuture<Restored> begin() {
        loop.execute(this::askNext);
        return done;
    }

    private void askNext() {
        CheckpointId known = id;
        Wanted wanted = known == null ? new Wanted(0, 0, 0) : new Wanted(known.term(), known.position(), have);
        int number = ++asked;
        EventLoop.Timer late = loop.schedule(patienceNanos, () -> answered(number, null));
        source.ask(wanted, piece -> {
            late.cancel();
            loop.execute(() -> answered(number, piece));
        });
    }

    private void answered(int number, @Nullable CheckpointPiece piece) {
        if (number != asked || done.isDone()) {
            return;
        }
        asked++; // what still comes of it comes too late
        if (piece == null) {
            failed(new IOException("A piece of the checkpoint was not received"));
            return;
        }
        try {
            take(piece);
        } catch (Throwable failure) { // or the replica would wait for it for ever
            done.completeExceptionally(failure);
        }
    }

    private void take(CheckpointPiece piece) throws IOException {
        if (piece.id().position() < least) {
            throw new IOException(
                    "The newest checkpoint ends at position " + piece.id().position() + ", before " + least);
        }
        if (!piece.id().equals(id)) {
            id = piece.id();
            have = Math.min(folder.received(piece.id()), piece.size());
            progress.received(have, piece.size());
            if (have > 0 && piece.offset() != have) {
                askNext();
                return;
            }
        }
        if (piece.offset() != have) {
            failed(new IOException("A piece was received that was not requested"));
            return;
        }
        folder.receive(piece.id(), have, piece.bytes().array());
        have += piece.bytes().size();
        progress.received(have, piece.size());
        failures = 0;
        if (have >= piece.size()) {
            done.complete(folder.received(piece.id(), restorations.get()));
        } else if (piece.bytes().size() == 0) {
            failed(new IOException("The checkpoint ended early"));
        } else {
            loop.schedule(rate.pass(piece.bytes().size()), this::askNext);
        }
    }

    private void failed(IOException failure) {
        failures++;
        if (failures == MAX_FAILURES) {
            done.completeExceptionally(failure);
        } else {
            loop.schedule(REST_NANOS << failures, this::askNext);
        }
    }
}
