package dev.lockstep.cluster.checkpoint;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A machine that checkpoints are taken of: its state depends on the entries of a log up to some position, and on nothing else. */
public interface Checkpointed {

    /**
     * Takes an image of the machine after the last entry it has applied. By the thread that applies, between two entries, and quickly;
     * not while there is another that has not been closed.
     */
    Image image();

    /** Begins to make the machine what an image was: instead of applying the entries up to that position. */
    Restoration restoration();

    /** The durable store of the machine; null if it is rebuilt from checkpoints and the log alone. */
    default @Nullable Durable durable() {
        return null;
    }

    /** A machine that keeps what it is by itself, whole entries at a time. */
    interface Durable {

        /** The last entry that it has applied, also in an earlier process; null for none. On any thread. */
        @Nullable
        LogPoint reached();

        /**
         * Resets it to the state before the first entry, also for a later process. Called before an entry is applied
         * in this one.
         */
        void forget();

        /** The entry that is applied next, or the image that is restored, is of this term. By the thread that applies. */
        void term(long term);

        /**
         * Lets what it is outlast a crash of the machine. On any thread.
         *
         * @return an entry up to which that is so now: after a crash the log need not be applied up to there
         * @throws RuntimeException when it can't
         */
        LogPoint flush();

        /**
         * Returns an image of the state after its last entry; only if there was one. On any thread, and there may be
         * others.
         */
        PositionedImage image();
    }

    /** An entry of a log: which one it is, and the term it was proposed in. */
    record LogPoint(long term, long position) {}

    /** @param point the last entry that went into the image */
    record PositionedImage(LogPoint point, Image image) {}

    /** A machine at one position, as records. Used by one thread, which may be another than the one that applies meanwhile. */
    interface Image extends AutoCloseable {

        /** Tells the records, in an order that matters. At most once. */
        void forEach(Consumer<byte[]> record);

        /** Releases what the machine keeps for the image. Idempotent; on any thread. */
        @Override
        void close();
    }

    /** A machine that is being rebuilt. The machine itself does not change before {@link #done}. Used by one thread. */
    interface Restoration {

        /** @throws RuntimeException when that is no record of such a machine */
        void record(byte[] record);

        /**
         * Ends the records. Called by the thread that applies, between two entries, or before the first.
         *
         * @param position of the image, not lower than any that was applied
         * @throws RuntimeException when the records are not all of an image; then nothing has changed
         */
        void done(long position);
    }
}
