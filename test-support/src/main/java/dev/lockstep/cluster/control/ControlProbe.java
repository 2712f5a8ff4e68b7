package dev.lockstep.cluster.control;

import dev.lockstep.protocol.topology.Layout;
import org.jspecify.annotations.Nullable;

/** Lets the simulation see into the control group's log. */
public final class ControlProbe {

    private ControlProbe() {}

    /** The layout that an entry of the log is to bring about; null if it is about something else. */
    public static @Nullable Layout laid(byte[] entry) {
        return ControlCommand.decode(entry) instanceof ControlCommand.Lay lay ? lay.next() : null;
    }
}
