package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Threads;
import dev.lockstep.protocol.settings.Settings;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import javax.cache.CacheException;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that run in this JVM. A member of a cluster has its ports and its folder once, so all CacheManagers with
 * the same settings share it, and the last that closes ends it; a node in memory belongs to one CacheManager.
 * Thread-safe: the class's lock guards the table and the numbers of users, and is held for a moment only; a member's
 * own is held while it starts or stops, so that one is never started twice, and no caller waits for another member.
 */
final class EmbeddedNodes {

    private static final Map<Settings, Shared> MEMBERS = new HashMap<>();

    private EmbeddedNodes() {}

    /** A member and the number of managers that use it or wait for it. */
    private static final class Shared {
        private int users;
        private @Nullable EmbeddedNode node;
    }

    /** Returns the node that the settings describe, to be given back by {@link #release}. */
    static EmbeddedNode acquire(Settings settings) {
        if (settings.node().isEmpty()) {
            return started(settings);
        }
        Shared member = entered(settings.withoutPlaces());
        synchronized (member) {
            EmbeddedNode node = member.node;
            if (node != null) {
                return node;
            }
            boolean started = false;
            try {
                node = started(settings);
                member.node = node;
                started = true;
                return node;
            } finally {
                if (!started) {
                    isLastToLeave(member);
                    dropUnused(settings.withoutPlaces(), member);
                }
            }
        }
    }

    static void release(Settings settings, EmbeddedNode node) {
        if (settings.node().isEmpty()) {
            node.close();
            return;
        }
        Shared member = used(settings.withoutPlaces());
        synchronized (member) {
            if (isLastToLeave(member)) {
                member.node = null;
                node.close();
            }
            dropUnused(settings.withoutPlaces(), member);
        }
    }

    private static synchronized Shared entered(Settings settings) {
        Shared member = MEMBERS.computeIfAbsent(settings, none -> new Shared());
        member.users++;
        return member;
    }

    private static synchronized Shared used(Settings settings) {
        return Objects.requireNonNull(MEMBERS.get(settings), "the member is not in use");
    }

    private static synchronized boolean isLastToLeave(Shared member) {
        return --member.users == 0;
    }

    /** A caller that arrived while it was being stopped starts it again, and no other may meanwhile. */
    private static synchronized void dropUnused(Settings settings, Shared member) {
        if (member.users == 0) {
            MEMBERS.remove(settings);
        }
    }

    private static EmbeddedNode started(Settings settings) {
        EmbeddedNode.Provider provider = ServiceLoader.load(
                        EmbeddedNode.Provider.class, EmbeddedNodes.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new CacheException("No node to embed on the class path. Add the dependency"
                        + " dev.lockstep:lockstep-node, or name a cluster by a URI such as lockstep://host:port"));
        try {
            return Threads.apart("lockstep-node-starts", () -> provider.start(settings));
        } catch (UncheckedIOException | RequestFailedException | IllegalArgumentException failure) {
            throw new CacheException("The node could not be started. " + failure.getMessage(), failure);
        }
    }
}
