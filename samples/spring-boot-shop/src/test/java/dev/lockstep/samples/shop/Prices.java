package dev.lockstep.samples.shop;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The prices that customers may be shown: not less than what has been acknowledged or already shown, not more than what
 * was asked for. Prices, in cents, only rise, so an older one is a lower one. Thread-safe.
 */
final class Prices {

    private final AtomicIntegerArray lowest;
    private final AtomicIntegerArray highest;

    Prices(int products, int cents) {
        lowest = new AtomicIntegerArray(products + 1);
        highest = new AtomicIntegerArray(products + 1);
        for (int id = 1; id <= products; id++) {
            lowest.set(id, cents);
            highest.set(id, cents);
        }
    }

    int lowest(int id) {
        return lowest.get(id);
    }

    int highest(int id) {
        return highest.get(id);
    }

    /** The next price of a product, from now on possible. */
    int rise(int id) {
        return highest.incrementAndGet(id);
    }

    /** Records a price below which no read may be from now on. */
    void known(int id, int cents) {
        lowest.accumulateAndGet(id, cents, Math::max);
    }
}
