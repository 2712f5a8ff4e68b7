package dev.lockstep.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.testing.MemberPorts;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.jcache.spi.LockstepCachingProvider;
import dev.lockstep.protocol.netty.Certificates;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A member that is embedded in this JVM and a client, in a cluster whose connections are encrypted; the other members are processes. */
class EncryptedMemberIT {

    private static final int KEYS = 100;

    @TempDir
    Path home;

    private static Cache<Integer, String> cache(CacheManager manager) {
        return manager.createCache(
                "c", new MutableConfiguration<Integer, String>().setTypes(Integer.class, String.class));
    }

    @Test
    void aMemberAndAClientReachTheEntriesOfAllShards() throws Exception {
        Certificates authority = new Certificates(home.resolve("certificates"));
        Path node = authority.issue("node").certificate().getParent();
        Path app = authority.issue("app").certificate().getParent();
        List<MemberPorts> members = MemberPorts.reserve(3);
        String settings = "shards: 4\ntls: {directory: \"" + node + "\"}";
        try (NodeProcesses others = NodeProcesses.begin(
                        home, members.subList(0, 2), members, settings, NodeProcesses.currentClassPath());
                CachingProvider provider = new LockstepCachingProvider()) {
            Path own = Files.writeString(
                    home.resolve("lockstep.yaml"), NodeProcesses.configuration("n3", members, settings));
            Cache<Integer, String> member = cache(provider.getCacheManager(own.toUri(), null));
            Cache<Integer, String> client =
                    cache(provider.getCacheManager(URI.create(others.uri() + "?tls.directory=" + app), null));
            for (int i = 0; i < KEYS; i++) {
                member.put(i, "m" + i);
            }
            for (int i = 0; i < KEYS; i++) {
                assertThat(client.getAndPut(i, "c" + i)).isEqualTo("m" + i);
            }
            for (int i = 0; i < KEYS; i++) {
                assertThat(member.getAndRemove(i)).isEqualTo("c" + i);
            }

            assertThatThrownBy(() -> provider.getCacheManager(
                            URI.create(others.uri() + "?tls.directory=" + home.resolve("none")), null))
                    .isInstanceOf(CacheException.class)
                    .hasMessageContaining("tls.crt can't be read: there is no such file");
        }
    }
}
