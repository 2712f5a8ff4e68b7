package dev.lockstep.benchmarks.peers.ignite;

import dev.lockstep.benchmarks.peers.Place;
import dev.lockstep.benchmarks.peers.Product;
import dev.lockstep.benchmarks.peers.Role;
import java.util.List;
import javax.cache.Cache;
import org.apache.ignite.Ignite;
import org.apache.ignite.Ignition;
import org.apache.ignite.cache.CacheWriteSynchronizationMode;
import org.apache.ignite.configuration.CacheConfiguration;
import org.apache.ignite.configuration.IgniteConfiguration;
import org.apache.ignite.spi.communication.tcp.TcpCommunicationSpi;
import org.apache.ignite.spi.discovery.tcp.TcpDiscoverySpi;
import org.apache.ignite.spi.discovery.tcp.ipfinder.vm.TcpDiscoveryVmIpFinder;

/**
 * Ignite 2, with two backups, both written before a write returns. Its client is a thick one, the only one whose caches are
 * JCache's.
 */
public final class IgniteProduct implements Product {

    @Override
    public Caches start(Role role, Place place) {
        System.setProperty("IGNITE_UPDATE_NOTIFIER", "false");
        TcpDiscoverySpi discovery = new TcpDiscoverySpi();
        discovery.setLocalPort(place.port());
        discovery.setIpFinder(new TcpDiscoveryVmIpFinder()
                .setAddresses(List.of(place.members(0, "%s:%d", ",").split(","))));
        TcpCommunicationSpi communication = new TcpCommunicationSpi();
        communication.setLocalPort(place.secondPort());
        IgniteConfiguration config = new IgniteConfiguration()
                .setLocalHost(Place.HOST)
                .setWorkDirectory(place.folder().toString())
                .setDiscoverySpi(discovery)
                .setCommunicationSpi(communication)
                .setClientMode(role == Role.CLIENT);
        return new Instance(Ignition.start(config));
    }

    /** A member or a client. */
    private record Instance(Ignite ignite) implements Caches {

        @Override
        public boolean isComplete() {
            return ignite.cluster().forServers().nodes().size() == Place.MEMBERS;
        }

        @Override
        public Cache<String, String> open(String name) {
            CacheConfiguration<String, String> config = new CacheConfiguration<String, String>(name)
                    .setBackups(2)
                    .setWriteSynchronizationMode(CacheWriteSynchronizationMode.FULL_SYNC);
            config.setTypes(String.class, String.class);
            return ignite.createCache(config);
        }
    }
}
