package dev.lockstep.samples.shop;

import jakarta.persistence.Cacheable;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.math.BigDecimal;
import org.hibernate.annotations.Cache;
import org.hibernate.annotations.CacheConcurrencyStrategy;

/**
 * A product of the shop; in the second-level cache of all instances. It has no version, so nothing but that cache keeps
 * old prices away.
 */
@Entity
@Cacheable
@Cache(usage = CacheConcurrencyStrategy.READ_WRITE)
public class Product {

    @Id
    private long id;

    private String name = "";
    private BigDecimal price = BigDecimal.ZERO;

    /** For Hibernate. */
    protected Product() {}

    public long id() {
        return id;
    }

    public String name() {
        return name;
    }

    public BigDecimal price() {
        return price;
    }

    public void reprice(BigDecimal changed) {
        price = changed;
    }
}
