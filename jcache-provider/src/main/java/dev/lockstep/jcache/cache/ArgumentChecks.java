package dev.lockstep.jcache.cache;

import dev.lockstep.protocol.wire.Lifetime;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/** Argument checks of every operation, in JSR-107's order: open, not null, of the right type. Thread-safe. */
final class ArgumentChecks<K, V> {

    private final CacheResources<K, V> life;
    private final Class<K> keyType;
    private final Class<V> valueType;

    ArgumentChecks(CacheResources<K, V> life, Class<K> keyType, Class<V> valueType) {
        this.life = life;
        this.keyType = keyType;
        this.valueType = valueType;
    }

    void open() {
        if (life.isClosed()) {
            throw new IllegalStateException(
                    life.isDestroyed()
                            ? "Cache " + life.name()
                                    + " was destroyed; getCache or createCache opens one that was created since"
                            : "Cache " + life.name() + " is closed");
        }
    }

    void key(K key) {
        open();
        type("key", keyType, key);
    }

    void keys(Set<? extends K> keys) {
        open();
        keys.forEach(key -> type("key", keyType, key));
    }

    void value(V value) {
        type("value", valueType, value);
    }

    void entry(K key, V value) {
        key(key);
        value(value);
    }

    /** @throws IllegalArgumentException when it is less than a millisecond */
    static Lifetime lifetime(Duration lifetime) {
        if (lifetime.toMillis() <= 0) {
            throw new IllegalArgumentException("A lifetime must be at least one millisecond, not " + lifetime);
        }
        return Lifetime.ofMillis(lifetime.toMillis());
    }

    private void type(String what, Class<?> type, Object object) {
        Objects.requireNonNull(object, what);
        if (!type.isInstance(object)) {
            throw new ClassCastException("Cache " + life.name() + " has " + what + "s of " + type.getName()
                    + ", not of " + object.getClass().getName());
        }
    }
}
