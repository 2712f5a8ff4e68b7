package dev.lockstep.benchmarks.transports;

import com.hazelcast.cache.HazelcastCachingProvider;
import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.config.CacheConfig;
import com.hazelcast.config.Config;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.core.HazelcastInstance;
import java.util.List;
import javax.cache.Cache;
import javax.cache.Caching;

/**
 * Hazelcast as a peer: a member of three on loopback, and a client whose cache has two synchronous backups, so that a put is
 * acknowledged by three members, as ours is by a majority of three. The program is a member; its arguments are its port and those
 * of all. Order: {@code settled}.
 */
final class Hazelcast {

    private static final String CLUSTER = "bench";
    private static final int BOUND = 1_000_000;
    /** The options that its manual asks for on current JDKs, so that its event loops do not copy. */
    private static final List<String> OPTIONS = List.of(
            "--add-modules=java.se",
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-opens=java.management/sun.management=ALL-UNNAMED",
            "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED");

    private Hazelcast() {}

    /** @param classPath with Hazelcast, without our provider */
    static Jvm jvm(String classPath) {
        return new Jvm(classPath, OPTIONS);
    }

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        Config config = new Config().setClusterName(CLUSTER);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.logging.type", "none");
        List<String> ports = List.of(arguments).subList(1, arguments.length);
        listen(config.getNetworkConfig(), Integer.parseInt(arguments[0]), ports);
        HazelcastInstance member = com.hazelcast.core.Hazelcast.newHazelcastInstance(config);
        Orders.serve(order -> Boolean.toString(member.getCluster().getMembers().size() == ports.size()
                && member.getPartitionService().isClusterSafe()));
        System.exit(0);
    }

    private static void listen(NetworkConfig network, int port, List<String> ports) {
        network.setPort(port).setPortAutoIncrement(false);
        network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true);
        ports.forEach(each -> network.getJoin().getTcpIpConfig().addMember("127.0.0.1:" + each));
    }

    /**
     * A cache that never comes near its bound: Hazelcast has none without, and by default one of 10,000, at which it would evict.
     *
     * @param addresses host:port of the members, separated by commas
     */
    static Cache<String, String> cache(String addresses) {
        ClientConfig config = new ClientConfig().setClusterName(CLUSTER);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.logging.type", "none");
        config.getNetworkConfig().addAddress(addresses.split(","));
        HazelcastInstance client = HazelcastClient.newHazelcastClient(config);
        CacheConfig<String, String> two = new CacheConfig<String, String>("puts").setBackupCount(2);
        two.getEvictionConfig().setSize(BOUND);
        two.setTypes(String.class, String.class);
        return Caching.getCachingProvider(HazelcastCachingProvider.class.getName())
                .getCacheManager(null, null, HazelcastCachingProvider.propertiesByInstanceItself(client))
                .createCache("puts", two);
    }
}
