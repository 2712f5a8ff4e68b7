package dev.lockstep.benchmarks.peers;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** A product as the coordinator knows it, which has none of them but Lockstep on its class path. */
enum Contestant {
    LOCKSTEP(
            "Lockstep",
            "dev.lockstep.benchmarks.peers.LockstepProduct",
            "none",
            EnumSet.allOf(Topology.class),
            List.of()),
    HAZELCAST(
            "Hazelcast",
            "dev.lockstep.benchmarks.peers.hazelcast.HazelcastProduct",
            "two synchronous backups; a bound of 1,000,000 entries instead of 10,000, at which it would evict",
            EnumSet.of(Topology.CLIENT_SERVER, Topology.EMBEDDED),
            // Those that its manual asks for on current JDKs.
            List.of(
                    "--add-modules=java.se",
                    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
                    "--add-opens=java.base/java.lang=ALL-UNNAMED",
                    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                    "--add-opens=java.management/sun.management=ALL-UNNAMED",
                    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED")),
    INFINISPAN(
            "Infinispan",
            "dev.lockstep.benchmarks.peers.infinispan.InfinispanProduct",
            "synchronously distributed, three owners; clients over Hot Rod; processors by Java serialization",
            EnumSet.of(Topology.CLIENT_SERVER, Topology.EMBEDDED),
            List.of()),
    IGNITE(
            "Ignite",
            "dev.lockstep.benchmarks.peers.ignite.IgniteProduct",
            "two backups, FULL_SYNC; the client is a thick one",
            EnumSet.of(Topology.CLIENT_SERVER, Topology.EMBEDDED),
            // Those that its manual asks for on JDK 17.
            Stream.of(
                            "java.base/jdk.internal.access",
                            "java.base/jdk.internal.misc",
                            "java.base/sun.nio.ch",
                            "java.base/sun.util.calendar",
                            "java.management/com.sun.jmx.mbeanserver",
                            "jdk.internal.jvmstat/sun.jvmstat.monitor",
                            "java.base/sun.reflect.generics.reflectiveObjects",
                            "jdk.management/com.sun.management.internal",
                            "java.base/java.io",
                            "java.base/java.nio",
                            "java.base/java.net",
                            "java.base/java.util",
                            "java.base/java.util.concurrent",
                            "java.base/java.util.concurrent.locks",
                            "java.base/java.util.concurrent.atomic",
                            "java.base/java.lang",
                            "java.base/java.lang.invoke",
                            "java.base/java.math",
                            "java.sql/java.sql",
                            "java.base/java.time")
                    .map(each -> "--add-opens=" + each + "=ALL-UNNAMED")
                    .toList()),
    CAFFEINE(
            "Caffeine",
            "dev.lockstep.benchmarks.peers.caffeine.CaffeineProduct",
            "its JCache, by value",
            EnumSet.of(Topology.LOCAL),
            List.of());

    private final String text;
    private final String product;
    private final String settings;
    private final Set<Topology> topologies;
    private final List<String> options;

    Contestant(String text, String product, String settings, Set<Topology> topologies, List<String> options) {
        this.text = text;
        this.product = product;
        this.settings = settings;
        this.topologies = topologies;
        this.options = options;
    }

    /** The class of its {@link Product}. */
    String product() {
        return product;
    }

    /** The settings that are not the product's defaults, or that say which of two defaults is meant. */
    String settings() {
        return settings;
    }

    boolean plays(Topology topology) {
        return topologies.contains(topology);
    }

    /** Options of the JVM that the product asks for. */
    List<String> options() {
        return options;
    }

    /** @param modules the folder of the peers' modules */
    String classPath(Path modules) {
        if (this == LOCKSTEP) {
            return System.getProperty("java.class.path");
        }
        Path target = modules.resolve(name().toLowerCase(Locale.ROOT)).resolve("target");
        return target.resolve("classes") + ":" + target.resolve("lib") + "/*";
    }

    @Override
    public String toString() {
        return text;
    }
}
