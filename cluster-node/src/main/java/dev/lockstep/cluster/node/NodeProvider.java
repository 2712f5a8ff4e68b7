package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Starts nodes for applications that embed one; found by {@link java.util.ServiceLoader}. */
public final class NodeProvider implements EmbeddedNode.Provider {

    private static final Duration READY_WITHIN = Duration.ofSeconds(60);

    @Override
    public EmbeddedNode start(Settings settings) {
        Node node;
        try {
            node = new Node(settings, Time.system(), EventLoop.threaded("lockstep-node"), READY_WITHIN);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure.getMessage(), failure);
        }
        try {
            if (node.awaitReady(READY_WITHIN)) {
                return node;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        String reasons = reasons(node.troubles());
        node.close();
        if (node.stopped().isDone()) {
            throw new RequestFailedException(Status.INTERNAL, node.stopped().join());
        }
        throw new RequestFailedException(
                Status.NO_LEADER,
                "Node " + node.member().id() + " found no majority of its members within " + READY_WITHIN.toSeconds()
                        + " s; are the others running? For the first start of a cluster all of them have to"
                        + reasons);
    }

    /** Formats the reasons as the end of a sentence. */
    static String reasons(Map<String, String> troubles) {
        return troubles.entrySet().stream()
                .map(trouble -> ". " + trouble.getKey() + ": " + trouble.getValue())
                .collect(Collectors.joining());
    }
}
