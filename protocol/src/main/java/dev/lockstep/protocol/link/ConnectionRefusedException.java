package dev.lockstep.protocol.link;

import java.io.IOException;

/**
 * The failure of a {@link Link} that a node's machine has refused to open: the machine is there, and no process listens
 * at the node's port.
 */
public final class ConnectionRefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    public ConnectionRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
