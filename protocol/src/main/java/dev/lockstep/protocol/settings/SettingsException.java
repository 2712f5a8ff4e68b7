package dev.lockstep.protocol.settings;

/** A configuration that can't be used; the message says where, what, and what would do. */
public final class SettingsException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(message);
    }
}
