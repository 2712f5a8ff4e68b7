package dev.lockstep.benchmarks.transports;

import com.hazelcast.cache.HazelcastCachingProvider;
import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.config.CacheConfig;
import com.hazelcast.config.Config;
import com.hazelcast.core.HazelcastInstance;
import java.util.List;
import javax.cache.Cache;
import javax.cache.Caching;

/**
 * Hazelcast as a peer: a member of three on loopback, and a client whose cache has two synchronous backups, so that a put is
 * acknowledged by three members, as ours is by a majority of three. The program is a member; its arguments are its port and those
 * of all.
 */
final class Hazelcast {

    private static final String CLUSTER = "bench";

    private Hazelcast() {}

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        Config config = new Config().setClusterName(CLUSTER);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.logging.type", "none");
        var network = config.getNetworkConfig()
                .setPort(Integer.parseInt(arguments[0]))
                .setPortAutoIncrement(false);
        network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true);
        for (String port : List.of(arguments).subList(1, arguments.length)) {
            network.getJoin().getTcpIpConfig().addMember("127.0.0.1:" + port);
        }
        HazelcastInstance member = com.hazelcast.core.Hazelcast.newHazelcastInstance(config);
        Orders.serve(words -> Integer.toString(member.getCluster().getMembers().size()));
        System.exit(0);
    }

    /** @param addresses host:port of the members, separated by commas */
    static Cache<String, String> cache(String addresses) {
        ClientConfig config = new ClientConfig().setClusterName(CLUSTER);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.logging.type", "none");
        config.getNetworkConfig().addAddress(addresses.split(","));
        HazelcastInstance client = HazelcastClient.newHazelcastClient(config);
        CacheConfig<String, String> two = new CacheConfig<String, String>("puts").setBackupCount(2);
        two.setTypes(String.class, String.class);
        return Caching.getCachingProvider()
                .getCacheManager(null, null, HazelcastCachingProvider.propertiesByInstanceItself(client))
                .createCache("puts", two);
    }
}
