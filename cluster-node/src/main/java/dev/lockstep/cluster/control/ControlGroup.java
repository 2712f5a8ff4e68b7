package dev.lockstep.cluster.control;

import dev.lockstep.cluster.consensus.Consensus;
import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.cluster.consensus.ReplicatedLog;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.RequestCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** This node's replica of the control group; its log holds the requests themselves. Thread-safe. */
public final class ControlGroup implements LogMachine, AutoCloseable {

    private final ClusterMachine machine = new ClusterMachine();
    private final ReplicatedLog log;

    public ControlGroup(Consensus consensus, List<NodeId> replicas) {
        this.log = consensus.open(Consensus.CONTROL, replicas, this);
    }

    /** What the control group's log has decided, as far as it has been applied here. */
    public ClusterMachine state() {
        return machine;
    }

    /** Proposes a {@link Request.CreateCache} or {@link Request.DestroyCache}; fails as {@link ReplicatedLog#propose}. */
    public CompletableFuture<Reply> propose(Request request) {
        WireWriter out = new WireWriter(128);
        RequestCodec.write(out, request);
        return log.propose(out.toByteArray()).thenApply(Reply.class::cast);
    }

    @Override
    public Object apply(long position, byte[] entry) {
        Request request = RequestCodec.read(new WireReader(entry));
        if (request instanceof Request.CreateCache create) {
            return machine.create(create.definition());
        } else if (request instanceof Request.DestroyCache destroy) {
            return machine.destroy(destroy.cacheId());
        }
        throw new MalformedFrameException("The control log holds no " + request);
    }

    @Override
    public void standingChanged() {}

    @Override
    public void close() {
        log.close();
    }
}
