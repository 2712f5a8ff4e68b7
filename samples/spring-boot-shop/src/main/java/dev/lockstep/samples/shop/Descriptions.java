package dev.lockstep.samples.shop;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.stereotype.Service;

/** Descriptions that are expensive to build: each is written once for all instances. */
@Service
public class Descriptions {

    private static final List<String> GARDENS = List.of("Assam", "Darjeeling", "Fujian", "Uji");

    private final String instance;
    private final AtomicInteger written = new AtomicInteger();

    public Descriptions(@Value("${shop.instance}") String instance) {
        this.instance = instance;
    }

    @Cacheable(cacheNames = "descriptions", sync = true)
    public Description of(long product) {
        written.incrementAndGet();
        return new Description("from " + GARDENS.get((int) (product % GARDENS.size())), instance);
    }

    /** Counts the descriptions that this instance has written. */
    public int written() {
        return written.get();
    }
}
