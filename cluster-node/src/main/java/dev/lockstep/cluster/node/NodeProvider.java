package dev.lockstep.cluster.node;

import dev.lockstep.protocol.routing.EmbeddedNode;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Settings;

/** Starts nodes for applications that embed one; found by {@link java.util.ServiceLoader}. */
public final class NodeProvider implements EmbeddedNode.Provider {

    @Override
    public EmbeddedNode start(Settings settings) {
        return new Node(settings, Time.system(), EventLoop.threaded("lockstep-node"));
    }
}
