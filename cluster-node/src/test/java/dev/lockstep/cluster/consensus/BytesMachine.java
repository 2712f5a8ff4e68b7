package dev.lockstep.cluster.consensus;

/** A machine whose entries are the bytes themselves. */
public interface BytesMachine<R> extends LogMachine<byte[], R> {

    @Override
    default byte[] encode(byte[] entry) {
        return entry;
    }

    @Override
    default byte[] decode(byte[] bytes) {
        return bytes;
    }
}
