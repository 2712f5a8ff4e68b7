package dev.lockstep.benchmarks.alone;

import java.io.Serializable;
import java.util.List;

/** A value as applications have them: every provider has to copy it to keep it by value. */
record Customer(String name, int visits, List<String> orders) implements Serializable {

    Customer {
        orders = List.copyOf(orders);
    }
}
