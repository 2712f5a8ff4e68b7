package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.Settings.ClientRouting;
import dev.lockstep.protocol.settings.Settings.ClientSettings;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The session of one CacheManager, and what it runs on: a node in this JVM, or connections to the servers of a cluster.
 * Thread-safe.
 */
final class ManagerConnection implements AutoCloseable {

    private final Settings settings;
    private final @Nullable EmbeddedNode node;
    private final EventLoop loop;
    private final NettyLinks links;
    private final Session session;

    /**
     * Opens a session.
     *
     * @param uri of the manager
     * @param identity of a client
     * @throws CacheException when the session is refused, or the certificates can't be used
     */
    ManagerConnection(URI uri, Settings settings, ClientIdentity identity) {
        this.settings = settings;
        boolean client = !settings.client().servers().isEmpty();
        if (identity.certificate() != null && (!client || settings.tls().isPresent())) {
            throw new CacheException(
                    "The CacheManager " + uri + " can't be opened: a certificate is given to it, which only a client"
                            + " takes, and only if its settings have no \"tls\"");
        }
        Tls tls = client || !settings.members().isEmpty() ? tls(uri, settings, identity) : null;
        this.node = client ? null : EmbeddedNodes.acquire(settings);
        this.loop = EventLoop.threaded("lockstep-session");
        this.links = new NettyLinks(
                settings.cluster(),
                () -> null,
                settings.client().connectTimeout(),
                settings.limits().maxInFlight(),
                tls,
                identity.user() != null ? identity.user() : user(settings.client()));
        this.session = open(uri);
    }

    private static @Nullable ScramCredentials user(ClientSettings settings) {
        return settings.user()
                .map(user -> new ScramCredentials(user, settings.password().orElseThrow()::read))
                .orElse(null);
    }

    private static @Nullable Tls tls(URI uri, Settings settings, ClientIdentity identity) {
        if (identity.certificate() != null) {
            return new Tls(identity.certificate(), false);
        }
        try {
            return settings.tls().isEmpty() ? null : Tls.of(settings.tls().get(), Time.system());
        } catch (IOException unusable) {
            throw new CacheException(
                    "The CacheManager " + uri + " can't be opened: " + unusable.getMessage(), unusable);
        }
    }

    /** Opens the session; if it is refused, stops what was started for it. */
    private Session open(URI uri) {
        SessionFactory sessions =
                new SessionFactory(links, settings.client().timeout(), Time.system(), loop, Entropy.system());
        try {
            if (node != null) {
                return sessions.embedded(node);
            }
            List<String> servers = settings.client().servers();
            return settings.client().routing() == ClientRouting.GATEWAY
                    ? sessions.throughGateway(servers)
                    : sessions.client(servers);
        } catch (RequestFailedException refused) {
            stop();
            throw new CacheException("The CacheManager " + uri + " can't be opened: " + refused.getMessage(), refused);
        }
    }

    private void stop() {
        links.close();
        loop.close();
        if (node != null) {
            EmbeddedNodes.release(settings, node);
        }
    }

    Session session() {
        return session;
    }

    /** Counts the connections that were opened again after they were lost. */
    long reconnects() {
        return links.reconnects();
    }

    /** The settings of a client; null with a node in this JVM, which applies its settings itself. */
    @Nullable
    Settings clientSettings() {
        return node == null ? settings : null;
    }

    /** Tells whether all entries are in this JVM, where no other process uses them: with the single node in memory. */
    boolean isLocal() {
        return node != null && settings.members().isEmpty();
    }

    /** Describes in a few words where the entries are. */
    String location() {
        if (node == null) {
            return "client of " + String.join(", ", settings.client().servers()) + ", cluster " + settings.cluster();
        }
        return settings.node()
                .filter(own -> !settings.members().isEmpty())
                .map(own -> "node " + own.id() + " in this JVM, cluster " + settings.cluster())
                .orElse("node in memory");
    }

    @Override
    public void close() {
        session.close();
        stop();
    }
}
