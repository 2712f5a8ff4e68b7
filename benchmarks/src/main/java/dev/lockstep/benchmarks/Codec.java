package dev.lockstep.benchmarks;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.EntryRead;
import dev.lockstep.protocol.wire.FrameCodec;
import dev.lockstep.protocol.wire.FrameCodec.Frame;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestId;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The cost of encoding and decoding one put and one reply of a get, with 100 bytes of value. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Codec {

    private static final int LENGTH_BYTES = 4;

    private final Request put = new Request.Write(
            1,
            7,
            new RequestId(0x1234_5678_9abc_def0L, 0x0fed_cba9_8765_4321L, 1_000, 990),
            List.of(Mutation.put(Bytes.utf8("customer:4711"), Bytes.of(new byte[100]), Condition.ANY)),
            LeaseId.NONE);
    private final Reply found = new Reply.Entries(
            123_456,
            1_700_000_000_000L,
            123_456L << 16,
            List.of(new EntryRead(Bytes.of(new byte[100]), 123_400L << 16, Long.MAX_VALUE)));
    private final byte[] putBody = body(FrameCodec.encode(42, put));
    private final byte[] foundBody = body(FrameCodec.encode(42, found));

    private static byte[] body(byte[] frame) {
        return Arrays.copyOfRange(frame, LENGTH_BYTES, frame.length);
    }

    @Benchmark
    public byte[] encodePut() {
        return FrameCodec.encode(42, put);
    }

    @Benchmark
    public Frame<Request> decodePut() {
        return FrameCodec.decodeRequest(putBody);
    }

    @Benchmark
    public byte[] encodeFound() {
        return FrameCodec.encode(42, found);
    }

    @Benchmark
    public Frame<Reply> decodeFound() {
        return FrameCodec.decodeReply(foundBody);
    }
}
