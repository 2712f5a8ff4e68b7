package dev.lockstep.cluster.node;

import dev.lockstep.protocol.link.EmbeddedNode;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.SettingsReader;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.CacheDefinition;
import dev.lockstep.protocol.wire.Condition;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.LeaseId;
import dev.lockstep.protocol.wire.Mutation;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM that starts the single node in memory and uses it once; says how long that took and which sockets and threads there
 * are then, closes what it has opened, and ends when its last thread does.
 */
final class EmbeddedStart {

    private EmbeddedStart() {}

    public static void main(String[] arguments) throws IOException {
        long began = System.nanoTime();
        EmbeddedNode node = ServiceLoader.load(EmbeddedNode.Provider.class)
                .findFirst()
                .orElseThrow()
                .start(SettingsReader.fromUri(URI.create("lockstep:local"), EmbeddedStart.class.getClassLoader()));
        NettyLinks links = new NettyLinks("lockstep", null, Duration.ofSeconds(1), 100);
        EventLoop loop = EventLoop.threaded("session");
        Session session =
                new SessionFactory(links, Duration.ofSeconds(10), Time.system(), loop, Entropy.system()).embedded(node);
        var definition = new CacheDefinition("c", "k", "v", ExpiryRule.ETERNAL, "", 0, Consistency.SESSION);
        int cache = session.createCache(definition).join().id();
        Bytes key = Bytes.utf8("key");
        session.write(cache, Mutation.put(key, key, Condition.ANY), LeaseId.NONE)
                .join();
        boolean found = session.getLocal(cache, key).value().equals(key);
        long wallMillis = (System.nanoTime() - began) / 1_000_000;
        long cpuMillis = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
        String threads = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .collect(Collectors.joining(","));
        System.out.println(found + " " + wallMillis + " " + cpuMillis + " " + sockets() + " " + threads);
        session.close();
        loop.close();
        node.close();
    }

    /** Counts the open sockets of this process. */
    private static long sockets() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(EmbeddedStart::isSocket).count();
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }
}
