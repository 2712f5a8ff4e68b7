package dev.lockstep.cluster.checkpoint;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;

/**
 * A piece of a checkpoint on its way to another replica.
 *
 * @param size of the whole, in bytes
 * @param offset of the piece
 * @param bytes empty at the end only
 */
public record CheckpointPiece(CheckpointId id, long size, long offset, Bytes bytes) {

    /**
     * Asks for a piece.
     *
     * @param term of the checkpoint that the asker has the beginning of; 0 for none
     * @param position of it
     * @param offset of the piece
     */
    public record Wanted(long term, long position, long offset) {

        public void write(WireWriter out) {
            out.varint(term).varint(position).varint(offset);
        }

        /** @throws dev.lockstep.protocol.wire.MalformedFrameException when it is none */
        public static Wanted read(WireReader in) {
            return new Wanted(in.varint(), in.varint(), in.varint());
        }
    }

    public Bytes encode() {
        WireWriter out = new WireWriter(bytes.size() + 64).signed(id.group());
        out.varint(id.term()).varint(id.position()).varint(size).varint(offset).bytes(bytes);
        return Bytes.of(out.toByteArray());
    }

    /** @throws dev.lockstep.protocol.wire.MalformedFrameException when it is none */
    public static CheckpointPiece decode(Bytes message) {
        WireReader in = new WireReader(message.array());
        CheckpointId id = new CheckpointId((int) in.signed(), in.varint(), in.varint());
        CheckpointPiece piece = new CheckpointPiece(id, in.varint(), in.varint(), in.bytes());
        in.end();
        return piece;
    }
}
