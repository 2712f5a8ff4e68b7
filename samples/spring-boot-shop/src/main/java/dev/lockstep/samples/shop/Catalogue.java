package dev.lockstep.samples.shop;

import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;

/** Products, from the database if no instance has read them yet. */
@Service
public class Catalogue {

    private final JdbcTemplate database;
    private final String instance;
    private final AtomicInteger queries = new AtomicInteger();

    public Catalogue(JdbcTemplate database, @Value("${shop.instance}") String instance) {
        this.database = database;
        this.instance = instance;
    }

    @Cacheable(cacheNames = "products", sync = true)
    public Product product(long id) {
        queries.incrementAndGet();
        return database.queryForObject(
                "select name, price from product where id = ?",
                (row, number) -> new Product(id, row.getString("name"), row.getBigDecimal("price"), instance),
                id);
    }

    /** How often this instance has asked the database. */
    public int queries() {
        return queries.get();
    }
}
