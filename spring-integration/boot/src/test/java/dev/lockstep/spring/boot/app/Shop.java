package dev.lockstep.spring.boot.app;

import java.util.concurrent.atomic.AtomicInteger;
import javax.cache.annotation.CacheResult;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.CachePut;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Service;

/** Each method tells how often one of them has run. */
@Service
public class Shop {

    private final AtomicInteger calls = new AtomicInteger();

    @Cacheable("prices")
    public int price(String name) {
        return calls.incrementAndGet();
    }

    @CachePut("prices")
    public int reprice(String name) {
        return calls.incrementAndGet();
    }

    @CacheEvict("prices")
    public void forget(String name) {}

    @Cacheable(cacheNames = "synced", sync = true)
    public int synced(String name) {
        return calls.incrementAndGet();
    }

    @CacheResult(cacheName = "stock")
    public Integer stock(String name) {
        return calls.incrementAndGet();
    }
}
