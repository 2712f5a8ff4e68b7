package dev.lockstep.spring.boot;

import dev.lockstep.protocol.settings.Settings.ClientRouting;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The application's configuration of Lockstep.
 *
 * @param servers Nodes to start from, as host:port, which makes the application a client of theirs. Without them it
 *     runs a node itself.
 * @param cluster Name of the cluster that the servers belong to; "lockstep" if nothing else is said.
 * @param config Location of a file of Lockstep's settings, such as classpath:lockstep.yaml. Excludes servers.
 * @param timeout Deadline of an operation of a client, retries included; 10s if nothing else is said.
 * @param connectTimeout Deadline of one attempt of a client to connect; 2s if nothing else is said.
 * @param routing Whether a client connects to every node, or only to the servers, one of which then passes its requests
 *     on; direct if nothing else is said.
 * @param ssl The certificate that a client shows, and the authorities that it trusts.
 * @param username The user as whom a client logs in, if it is not its certificate that says who it is.
 * @param password The password of the user.
 * @param transactionAware Whether puts and evictions inside a transaction of Spring's wait for its commit.
 * @param onError What a cached method does while the cluster can't be reached: fail, or go on as if nothing were
 *     cached.
 * @param caches What caches get by their names. A key is a name, or a pattern in brackets and with * for any
 *     characters; the first that matches holds, before those of the settings' file.
 * @param serialization The classes that may be deserialised.
 */
@ConfigurationProperties(prefix = LockstepProperties.PREFIX, ignoreUnknownFields = false)
public record LockstepProperties(
        @DefaultValue List<String> servers,
        @Nullable String cluster,
        @Nullable String config,
        @Nullable Duration timeout,
        @Nullable Duration connectTimeout,
        @Nullable ClientRouting routing,
        @DefaultValue Ssl ssl,
        @Nullable String username,
        @Nullable String password,
        @DefaultValue("false") boolean transactionAware,
        @DefaultValue("fail") OnError onError,
        @DefaultValue Map<String, Template> caches,
        @DefaultValue Serialization serialization) {

    /** That all of them begin with, and a dot. */
    public static final String PREFIX = "lockstep";

    /** Without the password. */
    @Override
    public String toString() {
        return "LockstepProperties[servers=" + servers + ", username=" + username + "]";
    }

    /** The behaviour of a call on a cache while the cluster can't be reached. */
    public enum OnError {
        /** It throws. */
        FAIL,
        /** A read is a miss; what can't be put or removed is removed once the cluster answers. */
        MISS
    }

    /**
     * The encryption of a client's connections.
     *
     * @param bundle Name of one of the application's SSL bundles, such as spring.ssl.bundle.pem.NAME; what it is
     *     reloaded with is used for new connections. Without it there is no encryption.
     */
    public record Ssl(@Nullable String bundle) {}

    /**
     * The settings of the caches that match one pattern.
     *
     * @param timeToLive Lifetime after creation or update; as the cluster says if nothing is said here.
     * @param timeToIdle Lifetime after creation, update or read; as the cluster says if nothing is said here.
     * @param maxEntries Bound of entries in the whole cluster, past which some are evicted; 0 for none.
     * @param maxBytes Bound of their bytes in the whole cluster, keys, values and 256 bytes each, past which some are
     *     evicted; 0 for none.
     * @param consistency Whether reads are never behind their own session, or linearizable.
     * @param entryProcessor Whether entry processors run under the entry's lease, or first without one.
     */
    public record Template(
            @Nullable Duration timeToLive,
            @Nullable Duration timeToIdle,
            @Nullable Long maxEntries,
            @Nullable DataSize maxBytes,
            @Nullable Consistency consistency,
            @Nullable EntryProcessing entryProcessor) {}

    /**
     * The classes that may be deserialised.
     *
     * @param allowed Classes, and packages as com.example.*, that may be read from caches beside the JDK's values and
     *     the application's own packages.
     */
    public record Serialization(@DefaultValue List<String> allowed) {}
}
