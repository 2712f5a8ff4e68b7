package dev.lockstep.jcache.event;

import java.lang.reflect.Proxy;
import javax.cache.Cache;

/** Caches that have a name and nothing else: the sources of events. */
final class NamedCache {

    private NamedCache() {}

    @SuppressWarnings("unchecked")
    static <K, V> Cache<K, V> of(String name) {
        return (Cache<K, V>) Proxy.newProxyInstance(
                NamedCache.class.getClassLoader(), new Class<?>[] {Cache.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("getName")) {
                        return name;
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }
}
