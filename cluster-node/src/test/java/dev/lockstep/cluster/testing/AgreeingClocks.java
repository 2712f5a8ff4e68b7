package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.clock.MemberClocks;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import java.util.Collection;
import java.util.List;

/** Clocks of members that all show the same time, and have been asked once. */
public final class AgreeingClocks {

    private AgreeingClocks() {}

    public static MemberClocks of(NodeId self, Collection<NodeId> members, Time time) {
        MemberClocks clocks = new MemberClocks(
                self,
                () -> members,
                (peer, request, answer) -> answer.accept(new Reply.Clock(time.millis(), List.of())),
                time);
        clocks.tick();
        return clocks;
    }
}
