package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.shiro.cache.Cache;
import org.apache.shiro.cache.jcache.JCacheManager;
import org.junit.jupiter.api.Test;

/** Apache Shiro's cache of sessions, credentials and permissions. */
@InEachTopology
class ShiroClient {

    private final JCacheManager shiro = new JCacheManager();

    ShiroClient(Topology topology) {
        shiro.setCacheManager(topology.manager());
        shiro.init();
    }

    @Test
    void aCacheIsMadeOnDemandAndFoundAgain() {
        String name = Topology.unused("shiro");
        Cache<String, String> cache = shiro.getCache(name);
        assertThat(cache.put("user", "roles")).isNull();
        assertThat(cache.put("user", "more roles")).isEqualTo("roles");
        Cache<String, String> again = shiro.getCache(name);
        assertThat(again.get("user")).isEqualTo("more roles");
    }

    @Test
    void entriesAreListedRemovedAndCleared() {
        Cache<String, String> cache = shiro.getCache(Topology.unused("shiro"));
        cache.put("a", "1");
        cache.put("b", "2");
        cache.put("c", "3");
        assertThat(cache.remove("c")).isEqualTo("3");
        assertThat(cache.size()).isEqualTo(2);
        assertThat(cache.keys()).containsExactlyInAnyOrder("a", "b");
        assertThat(cache.values()).containsExactlyInAnyOrder("1", "2");
        cache.clear();
        assertThat(cache.get("a")).isNull();
        assertThat(cache.size()).isZero();
    }
}
