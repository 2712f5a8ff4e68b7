package dev.lockstep.samples.shop;

import dev.lockstep.spring.LockstepCacheManager;
import jakarta.persistence.EntityManagerFactory;
import java.util.Objects;
import javax.cache.Cache;
import javax.cache.management.CacheStatisticsMXBean;
import org.hibernate.SessionFactory;
import org.hibernate.stat.CacheRegionStatistics;
import org.hibernate.stat.Statistics;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The cache statistics of this instance. */
@Component
public class Figures {

    private final LockstepCacheManager caches;
    private final Statistics hibernate;
    private final Descriptions descriptions;
    private final String instance;

    public Figures(
            LockstepCacheManager caches,
            EntityManagerFactory factory,
            Descriptions descriptions,
            @Value("${shop.instance}") String instance) {
        this.caches = caches;
        this.hibernate = factory.unwrap(SessionFactory.class).getStatistics();
        this.descriptions = descriptions;
        this.instance = instance;
    }

    public Reading read() {
        var cache = Objects.requireNonNull(caches.getCache("descriptions"), "there is no cache of descriptions");
        CacheStatisticsMXBean described = ((Cache<?, ?>) cache.getNativeCache()).unwrap(CacheStatisticsMXBean.class);
        CacheRegionStatistics products = hibernate.getDomainDataRegionStatistics(Product.class.getName());
        return new Reading(
                instance,
                described.getCacheHits(),
                described.getCacheMisses(),
                descriptions.written(),
                products.getHitCount(),
                products.getMissCount(),
                hibernate.getPrepareStatementCount());
    }

    /** At one moment; statements are those of SQL. */
    public record Reading(
            String instance,
            long descriptionHits,
            long descriptionMisses,
            int written,
            long productHits,
            long productMisses,
            long statements) {}
}
