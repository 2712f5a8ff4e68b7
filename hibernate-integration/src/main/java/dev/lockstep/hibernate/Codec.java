package dev.lockstep.hibernate;

import dev.lockstep.jcache.marshalling.Marshaller;
import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.hibernate.cache.internal.BasicCacheKeyImplementation;
import org.hibernate.cache.internal.CacheKeyImplementation;
import org.hibernate.cache.internal.NaturalIdCacheKey;
import org.jspecify.annotations.Nullable;

/**
 * Hibernate's keys and values as those of a cache. Keys are written by what they say, not by Java serialization: equal keys must
 * have equal bytes in every JVM, and their hash codes and shared references need not agree. Thread-safe.
 */
final class Codec {

    /** Tells that something happened to a key; no value. */
    private static final byte[] FENCE = {0};

    private static final byte VALUE = 1;

    private final Marshaller marshaller;

    Codec(Marshaller marshaller) {
        this.marshaller = marshaller;
    }

    /** Equal for equal keys, whatever JVM they are of. */
    String key(Object key) {
        WireWriter out = new WireWriter(64);
        if (key instanceof BasicCacheKeyImplementation basic) {
            item(out, basic.getEntityOrRoleName(), null, basic.getId());
        } else if (key instanceof CacheKeyImplementation full) {
            item(out, full.getEntityOrRoleName(), full.getTenantId(), full.getId());
        } else if (key instanceof NaturalIdCacheKey natural) {
            item(out, natural.getEntityName(), natural.getTenantId(), natural.getNaturalIdValues());
        } else {
            item(out, null, null, key);
        }
        return new String(out.toByteArray(), StandardCharsets.ISO_8859_1);
    }

    private void item(WireWriter out, @Nullable String role, @Nullable String tenant, @Nullable Object id) {
        out.optional(role, WireWriter::string);
        out.optional(tenant, WireWriter::string);
        id(out, id);
    }

    /** Parts one by one, since a whole array's bytes would depend on which of its equal parts are the same object. */
    private void id(WireWriter out, @Nullable Object id) {
        if (id == null) {
            out.u8('0');
        } else if (id instanceof Object[] parts) {
            out.u8('A').list(Arrays.asList(parts), this::id);
        } else {
            out.u8('1').bytes(marshaller.writeKey(id));
        }
    }

    byte[] value(Object value) {
        byte[] written = marshaller.write(value).array();
        byte[] bytes = new byte[written.length + 1];
        bytes[0] = VALUE;
        System.arraycopy(written, 0, bytes, 1, written.length);
        return bytes;
    }

    byte[] fence() {
        return FENCE;
    }

    static boolean isFence(byte[] bytes) {
        return bytes.length == 1;
    }

    /** @throws javax.cache.CacheException when it may not or can't be read */
    Object value(byte[] bytes) {
        return marshaller.read(Bytes.of(Arrays.copyOfRange(bytes, 1, bytes.length)));
    }
}
