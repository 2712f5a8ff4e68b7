package dev.lockstep.benchmarks.peers.infinispan;

import dev.lockstep.benchmarks.peers.Place;
import dev.lockstep.benchmarks.peers.Product;
import dev.lockstep.benchmarks.peers.Role;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import javax.cache.Cache;
import javax.cache.CacheManager;
import org.infinispan.jcache.embedded.JCacheManager;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.server.hotrod.HotRodServer;
import org.infinispan.server.hotrod.configuration.HotRodServerConfigurationBuilder;

/**
 * Infinispan, with three synchronous owners of each entry; processors travel by Java's serialization. A server is a member and the
 * Hot Rod endpoint, without the rest of one.
 */
public final class InfinispanProduct implements Product {

    private static final String MEMBER = """
            <infinispan>
              <jgroups>
                <stack name="loopback" extends="tcp">
                  <TCPPING initial_hosts="%s" port_range="0" stack.combine="REPLACE" stack.position="MPING"/>
                </stack>
              </jgroups>
              <cache-container name="bench">
                <transport stack="loopback" cluster="bench"/>
                <serialization marshaller="org.infinispan.commons.marshall.JavaSerializationMarshaller">
                  <allow-list><regex>dev\\.lockstep\\.benchmarks\\..*</regex></allow-list>
                </serialization>
                <distributed-cache name="entries" mode="SYNC" owners="3">%s</distributed-cache>
                <distributed-cache name="records" mode="SYNC" owners="3">%s</distributed-cache>
              </cache-container>
            </infinispan>
            """;

    /** As its server's own templates have it. */
    private static final String FOR_CLIENTS = "<encoding media-type=\"application/x-protostream\"/>";

    @Override
    public Caches start(Role role, Place place) throws IOException {
        if (role == Role.CLIENT) {
            Properties servers = new Properties();
            servers.setProperty("infinispan.client.hotrod.server_list", place.members(1, "%s:%d", ";"));
            CacheManager manager = new org.infinispan.jcache.remote.JCachingProvider()
                    .getCacheManager(null, InfinispanProduct.class.getClassLoader(), servers);
            return manager::getCache;
        }
        DefaultCacheManager member = member(place, role == Role.SERVER ? FOR_CLIENTS : "");
        if (role == Role.SERVER) {
            new HotRodServer()
                    .start(
                            new HotRodServerConfigurationBuilder()
                                    .host(Place.HOST)
                                    .port(place.secondPort())
                                    .build(),
                            member);
            Server server = () -> member.getMembers().size() == Place.MEMBERS;
            return server;
        }
        return new Embedded(
                member,
                new JCacheManager(URI.create("bench"), member, new org.infinispan.jcache.embedded.JCachingProvider()));
    }

    private static DefaultCacheManager member(Place place, String encoding) throws IOException {
        System.setProperty("jgroups.bind.address", Place.HOST);
        System.setProperty("jgroups.bind.port", Integer.toString(place.port()));
        // Else it would listen 50,000 ports above.
        System.setProperty("jgroups.fd.port-offset", "20000");
        String xml = MEMBER.formatted(place.members(0, "%s[%d]", ","), encoding, encoding);
        return new DefaultCacheManager(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
    }

    private record Embedded(DefaultCacheManager member, CacheManager manager) implements Caches {

        @Override
        public boolean isComplete() {
            return member.getMembers().size() == Place.MEMBERS;
        }

        @Override
        public Cache<String, String> open(String name) {
            return manager.getCache(name);
        }
    }
}
