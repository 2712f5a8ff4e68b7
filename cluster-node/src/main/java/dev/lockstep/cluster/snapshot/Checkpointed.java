package dev.lockstep.cluster.snapshot;

import java.util.function.Consumer;

/** What checkpoints are taken of: a machine that is what the entries up to some position of a log have made of it. */
public interface Checkpointed {

    /**
     * What the machine is after the last entry it has applied. By the thread that applies, between two entries, and quickly;
     * not while there is another that has not been closed.
     */
    Image image();

    /** Begins to make the machine what an image was: instead of applying the entries up to that position. */
    Restoration restoration();

    /** A machine at one position, as records. Used by one thread, which may be another than the one that applies meanwhile. */
    interface Image extends AutoCloseable {

        /** Tells the records, in an order that matters. At most once. */
        void forEach(Consumer<byte[]> record);

        /** Of no effect but that the machine need keep nothing for it any more. Idempotent; on any thread. */
        @Override
        void close();
    }

    /** A machine that is being made anew. The machine itself does not change before {@link #done}. Used by one thread. */
    interface Restoration {

        /** @throws RuntimeException when that is no record of such a machine */
        void record(byte[] record);

        /**
         * There are no more records. By the thread that applies, between two entries, or before the first.
         *
         * @param position of the image, higher than all that were applied
         * @throws RuntimeException when the records are not all of an image; then nothing has changed
         */
        void done(long position);
    }
}
