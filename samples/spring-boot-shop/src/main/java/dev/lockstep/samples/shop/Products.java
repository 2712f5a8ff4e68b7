package dev.lockstep.samples.shop;

import org.springframework.data.repository.CrudRepository;

/** The table of products, behind Hibernate's second-level cache. */
public interface Products extends CrudRepository<Product, Long> {}
