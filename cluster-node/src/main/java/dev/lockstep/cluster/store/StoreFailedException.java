package dev.lockstep.cluster.store;

import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** A store can't be read or written any more, or has been closed; the replica that lives on it must stop. */
public final class StoreFailedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public StoreFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Whether what is on the disk is not what was written, in contrast to a disk that is full or does not answer. */
    public boolean isDamage() {
        return getCause() instanceof RocksDBException failure && isDamage(failure);
    }

    static boolean isDamage(RocksDBException failure) {
        return failure.getStatus() != null && failure.getStatus().getCode() == Status.Code.Corruption;
    }
}
