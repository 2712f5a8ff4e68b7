package dev.lockstep.benchmarks.peers.hazelcast;

import com.hazelcast.cache.HazelcastCachingProvider;
import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.config.CacheConfig;
import com.hazelcast.config.Config;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dev.lockstep.benchmarks.peers.Place;
import dev.lockstep.benchmarks.peers.Product;
import dev.lockstep.benchmarks.peers.Role;
import java.util.Properties;
import javax.cache.Cache;
import javax.cache.CacheManager;
import javax.cache.Caching;

/**
 * Hazelcast, with two synchronous backups, so that a put is acknowledged by three members; and with a bound that its caches never
 * come near: it has none without, and by default one of 10,000 entries, at which it would evict.
 */
public final class HazelcastProduct implements Product {

    private static final String CLUSTER = "bench";
    private static final int BOUND = 1_000_000;

    @Override
    public Caches start(Role role, Place place) {
        if (role == Role.CLIENT) {
            ClientConfig config = new ClientConfig().setClusterName(CLUSTER);
            config.setProperty("hazelcast.phone.home.enabled", "false");
            config.setProperty("hazelcast.logging.type", "none");
            config.getNetworkConfig().addAddress(place.members(0, "%s:%d", ",").split(","));
            HazelcastInstance client = HazelcastClient.newHazelcastClient(config);
            return name -> open(HazelcastCachingProvider.CLIENT_CACHING_PROVIDER, client, name);
        }
        Config config = new Config().setClusterName(CLUSTER);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.logging.type", "none");
        NetworkConfig network = config.getNetworkConfig();
        network.setPort(place.port()).setPortAutoIncrement(false);
        network.getInterfaces().setEnabled(true).addInterface(Place.HOST);
        network.getJoin().getAutoDetectionConfig().setEnabled(false);
        network.getJoin().getMulticastConfig().setEnabled(false);
        network.getJoin().getTcpIpConfig().setEnabled(true);
        for (String member : place.members(0, "%s:%d", ",").split(",")) {
            network.getJoin().getTcpIpConfig().addMember(member);
        }
        return new Member(Hazelcast.newHazelcastInstance(config));
    }

    private static Cache<String, String> open(String provider, HazelcastInstance hazelcast, String name) {
        CacheConfig<String, String> config = new CacheConfig<String, String>(name).setBackupCount(2);
        config.getEvictionConfig().setSize(BOUND);
        config.setTypes(String.class, String.class);
        Properties here = HazelcastCachingProvider.propertiesByInstanceItself(hazelcast);
        CacheManager manager = Caching.getCachingProvider(provider).getCacheManager(null, null, here);
        return manager.createCache(name, config);
    }

    private record Member(HazelcastInstance hazelcast) implements Caches {

        @Override
        public boolean isComplete() {
            return hazelcast.getCluster().getMembers().size() == Place.MEMBERS
                    && hazelcast.getPartitionService().isClusterSafe();
        }

        @Override
        public Cache<String, String> open(String name) {
            return HazelcastProduct.open(HazelcastCachingProvider.MEMBER_CACHING_PROVIDER, hazelcast, name);
        }
    }
}
