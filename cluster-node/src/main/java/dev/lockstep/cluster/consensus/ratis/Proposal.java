package dev.lockstep.cluster.consensus.ratis;

import java.util.concurrent.CompletableFuture;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * An entry on its way through Ratis, as the message of a request, which Ratis hands from callback to callback. That is how
 * the machine's answer reaches the proposer as the object it is. Thread-safe.
 */
final class Proposal implements Message {

    private final ByteString content;
    private final CompletableFuture<Object> answer = new CompletableFuture<>();
    private volatile boolean appended;

    /** @param entry not to be changed any more */
    Proposal(byte[] entry) {
        this.content = UnsafeByteOperations.unsafeWrap(entry);
    }

    @Override
    public ByteString getContent() {
        return content;
    }

    CompletableFuture<Object> answer() {
        return answer;
    }

    /** Records that it was appended: from now on it may be applied, whatever Ratis says. */
    void appended() {
        appended = true;
    }

    boolean isAppended() {
        return appended;
    }
}
