package dev.lockstep.classpaths.boot;

import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Component;

/** Knows another price each time it is really asked. */
@Component
class Prices {

    private final AtomicInteger asked = new AtomicInteger();

    @Cacheable(cacheNames = "prices", sync = true)
    int of(String name) {
        return asked.incrementAndGet();
    }
}
