package dev.lockstep.hibernate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The holders of the lock on an item or a region: the ids of locks, each made of the lease that it lives by and a
 * number. The same item may be locked by several transactions, and several times by one.
 *
 * @param holders not empty, in the order in which they came
 */
record LockItem(List<String> holders) {

    private static final String SEPARATOR = ",";

    LockItem {
        holders = List.copyOf(holders);
    }

    static LockItem of(String holder) {
        return new LockItem(List.of(holder));
    }

    /** Parses the output of {@link #text}. */
    static LockItem parse(String text) {
        return new LockItem(text.isEmpty() ? List.of() : List.of(text.split(SEPARATOR, -1)));
    }

    String text() {
        return String.join(SEPARATOR, holders);
    }

    boolean isEmpty() {
        return holders.isEmpty();
    }

    LockItem with(String holder) {
        List<String> more = new ArrayList<>(holders);
        more.add(holder);
        return new LockItem(more);
    }

    LockItem without(String holder) {
        return new LockItem(
                holders.stream().filter(other -> !other.equals(holder)).toList());
    }

    /** Returns the holders that live by one of these leases. */
    LockItem livingBy(Set<String> leases) {
        return new LockItem(holders.stream()
                .filter(holder -> leases.contains(LockId.leaseOf(holder)))
                .toList());
    }
}
