package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.tls.Credentials;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The proofs of who a client is that it is given by the program around it instead of its settings.
 *
 * @param certificate and the authorities that it trusts, asked for with each new connection; null for those of the settings
 * @param user logs in; null for the one of the settings, if any
 */
public record ClientIdentity(
        @Nullable Supplier<Credentials> certificate,
        @Nullable ScramCredentials user) {

    /** Leaves everything to the settings. */
    public static final ClientIdentity OF_SETTINGS = new ClientIdentity(null, null);
}
