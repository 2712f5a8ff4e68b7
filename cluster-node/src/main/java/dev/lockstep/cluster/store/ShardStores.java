package dev.lockstep.cluster.store;

/** The factory of the stores of a node's shards. Thread-safe. */
public interface ShardStores extends AutoCloseable {

    /** The store of a shard as it was left, or an empty one. To be called once for each shard. */
    ShardStore open(int shard);

    /**
     * An empty store, to be filled and then {@link #replace put in the place} of the shard's other one. If that never comes, it
     * is forgotten when the next is asked for, or with the process.
     */
    default ShardStore anew(int shard) {
        return open(shard);
    }

    /**
     * Replaces the shard's store by {@code filled}, of which all is committed; the one before is gone. Once this
     * returns that holds after a crash too; until then the one before holds.
     */
    default void replace(int shard, ShardStore filled) {}

    /** Deletes the stores of a shard, none of which is used any more; the next {@link #open} of it begins with an empty one. */
    default void drop(int shard) {}

    /** Returns when all that has been committed of a shard outlasts a crash of the machine, if it outlasts the process at all. */
    default void flush(int shard) {}

    /** Returns the heap that their entries take, as far as that grows with them. */
    default StoreMemory memory() {
        return new StoreMemory(Long.MAX_VALUE);
    }

    /** Closes the stores; a later use of one throws. */
    @Override
    default void close() {}
}
