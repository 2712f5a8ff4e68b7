package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.routing.EmbeddedNode;
import dev.lockstep.protocol.settings.Settings;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import javax.cache.CacheException;

/**
 * The nodes that run in this JVM. A member of a cluster has its ports and its folder once, so all CacheManagers with the same
 * settings share it, and the last that closes ends it; a node in memory belongs to one CacheManager. Thread-safe: the class's
 * lock guards the table, and is held while a member starts or stops, so that one is never started twice.
 */
final class Nodes {

    private static final Map<Settings, Shared> MEMBERS = new HashMap<>();

    private Nodes() {}

    private static final class Shared {
        private final EmbeddedNode node;
        private int users;

        Shared(EmbeddedNode node) {
            this.node = node;
        }
    }

    /** The node that the settings describe, to be given back by {@link #release}. */
    static EmbeddedNode acquire(Settings settings) {
        if (settings.node().isEmpty()) {
            return started(settings);
        }
        synchronized (Nodes.class) {
            Shared member = MEMBERS.computeIfAbsent(settings, none -> new Shared(started(settings)));
            member.users++;
            return member.node;
        }
    }

    static void release(Settings settings, EmbeddedNode node) {
        if (settings.node().isEmpty()) {
            node.close();
            return;
        }
        synchronized (Nodes.class) {
            Shared member = MEMBERS.get(settings);
            if (--member.users == 0) {
                MEMBERS.remove(settings);
                member.node.close();
            }
        }
    }

    private static EmbeddedNode started(Settings settings) {
        return ServiceLoader.load(EmbeddedNode.Provider.class, Nodes.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new CacheException("There is no node on the class path to embed. Add the dependency"
                        + " dev.lockstep:lockstep-node, or name a cluster by a URI such as lockstep://host:port"))
                .start(settings);
    }
}
