package dev.lockstep.cluster.consensus.ratis.transport;

import dev.lockstep.cluster.checkpoint.CheckpointPiece.Wanted;
import dev.lockstep.cluster.consensus.recovery.RejoinProtocol.RejoinState;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedInputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.thirdparty.com.google.protobuf.Parser;
import org.jspecify.annotations.Nullable;

/**
 * The messages between the Raft servers of two nodes, as the bytes of a {@link dev.lockstep.protocol.wire.Request.ToLog}: one
 * byte for the kind, then messages of Ratis, each after its length. Stateless.
 */
public final class RaftMessages {

    /** The kind of a request; an answer has none of its own. */
    public enum Kind {
        /** One append of entries, or the heartbeats of many groups. */
        APPENDS,
        VOTE,
        /** A leader tells a follower that its log does not reach back far enough. */
        SNAPSHOT,
        ELECTION,
        /** A follower asks for a piece of a checkpoint. */
        CHECKPOINT,
        /** A recovering replica asks another for its state. */
        REJOIN;

        private static final Kind[] ALL = values();
    }

    /** Appends in one message: memory for one is many times its shortest form. */
    static final int MAX_TOGETHER = 1_024;

    private RaftMessages() {}

    public static Bytes of(Kind kind, MessageLite message) {
        return of(kind, List.of(message));
    }

    public static Bytes of(Kind kind, List<? extends MessageLite> messages) {
        int size = 1;
        for (MessageLite message : messages) {
            size += CodedOutputStream.computeMessageSizeNoTag(message);
        }
        byte[] bytes = new byte[size];
        bytes[0] = (byte) kind.ordinal();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes, 1, size - 1);
        try {
            for (MessageLite message : messages) {
                out.writeMessageNoTag(message);
            }
            out.checkNoSpaceLeft();
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return Bytes.of(bytes);
    }

    /** @throws IOException when there is no such kind */
    public static Kind kind(Bytes message) throws IOException {
        int kind = message.size() == 0 ? -1 : message.array()[0];
        if (kind < 0 || kind >= Kind.ALL.length) {
            throw new IOException("Raft has no message of kind " + kind);
        }
        return Kind.ALL[kind];
    }

    /** @throws IOException when it is malformed */
    static <M extends MessageLite> M one(Bytes message, Parser<M> parser) throws IOException {
        List<M> all = all(message, parser, 1);
        if (all.isEmpty()) {
            throw new IOException("One message was expected, this is none");
        }
        return all.get(0);
    }

    /** @throws IOException when it is malformed, or has more than {@link #MAX_TOGETHER} */
    static List<AppendEntriesRequestProto> appends(Bytes message) throws IOException {
        return all(message, AppendEntriesRequestProto.parser(), MAX_TOGETHER);
    }

    private static <M extends MessageLite> List<M> all(Bytes message, Parser<M> parser, int most) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message.array(), 1, message.size() - 1);
        List<M> all = new ArrayList<>(1);
        while (!in.isAtEnd()) {
            if (all.size() == most) {
                throw new IOException("There are more than " + most + " messages in one");
            }
            int length = in.readRawVarint32();
            int limit = in.pushLimit(length);
            all.add(parser.parseFrom(in));
            in.checkLastTagWas(0);
            in.popLimit(limit);
        }
        return all;
    }

    /** A follower's request for a piece of another replica's checkpoint. */
    record PieceRequest(RaftGroupId group, Wanted wanted) {}

    /** A recovering replica's request for the state of another, with its own. */
    record RejoinRequest(RaftGroupId group, RaftPeerId from, RejoinState rejoinState) {}

    static Bytes of(PieceRequest request) {
        WireWriter out = to(request.group(), Kind.CHECKPOINT);
        request.wanted().write(out);
        return Bytes.of(out.toByteArray());
    }

    static Bytes of(RejoinRequest request) {
        WireWriter out = to(request.group(), Kind.REJOIN).string(request.from().toString());
        request.rejoinState().write(out);
        return Bytes.of(out.toByteArray());
    }

    private static WireWriter to(RaftGroupId group, Kind kind) {
        WireWriter out = new WireWriter(64).u8(kind.ordinal());
        out.i64(group.getUuid().getMostSignificantBits());
        return out.i64(group.getUuid().getLeastSignificantBits());
    }

    /** @throws dev.lockstep.protocol.wire.MalformedFrameException when it is malformed */
    static PieceRequest pieceRequest(Bytes message) {
        WireReader in = afterKind(message);
        PieceRequest request = new PieceRequest(group(in), Wanted.read(in));
        in.end();
        return request;
    }

    /** @throws dev.lockstep.protocol.wire.MalformedFrameException when it is malformed */
    static RejoinRequest rejoinRequest(Bytes message) {
        WireReader in = afterKind(message);
        RejoinRequest request = new RejoinRequest(group(in), RaftPeerId.valueOf(in.string()), RejoinState.read(in));
        in.end();
        return request;
    }

    private static WireReader afterKind(Bytes message) {
        WireReader in = new WireReader(message.array());
        in.u8();
        return in;
    }

    private static RaftGroupId group(WireReader in) {
        return RaftGroupId.valueOf(new UUID(in.i64(), in.i64()));
    }

    static Bytes answer(MessageLite message) {
        return of(Kind.APPENDS, message);
    }

    /** @param replies in the order of what was asked; null where a group could not answer */
    public static Bytes answers(List<@Nullable AppendEntriesReplyProto> replies) {
        List<AppendEntriesReplyProto> messages = new ArrayList<>(replies.size());
        for (AppendEntriesReplyProto reply : replies) {
            messages.add(reply == null ? AppendEntriesReplyProto.getDefaultInstance() : reply);
        }
        return of(Kind.APPENDS, messages);
    }

    /**
     * @return in the order of what was asked; null where a group could not answer
     * @throws IOException when it is malformed, or answers another number of questions
     */
    public static List<@Nullable AppendEntriesReplyProto> answers(Bytes message, int expected) throws IOException {
        List<@Nullable AppendEntriesReplyProto> replies = new ArrayList<>(expected);
        for (AppendEntriesReplyProto reply : all(message, AppendEntriesReplyProto.parser(), expected)) {
            replies.add(reply.hasServerReply() ? reply : null);
        }
        if (replies.size() != expected) {
            throw new IOException(expected + " answers were expected, these are " + replies.size());
        }
        return replies;
    }
}
