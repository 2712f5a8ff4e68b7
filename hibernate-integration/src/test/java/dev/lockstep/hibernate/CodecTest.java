package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.jcache.marshalling.StandardMarshaller;
import java.io.ByteArrayOutputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Constructor;
import java.math.BigDecimal;
import java.util.List;
import org.hibernate.cache.internal.BasicCacheKeyImplementation;
import org.hibernate.cache.internal.NaturalIdCacheKey;
import org.hibernate.type.AnyType;
import org.junit.jupiter.api.Test;

class CodecTest {

    private final Codec codec = new Codec(
            new StandardMarshaller("region", CodecTest.class.getClassLoader(), LockstepSettings.ALLOWED, List.of()));

    @Test
    void keysDoNotDependOnHashCodes() {
        assertThat(codec.key(new BasicCacheKeyImplementation(1L, "Book", 7)))
                .isEqualTo(codec.key(new BasicCacheKeyImplementation(1L, "Book", 8)))
                .isNotEqualTo(codec.key(new BasicCacheKeyImplementation(2L, "Book", 7)))
                .isNotEqualTo(codec.key(new BasicCacheKeyImplementation(1L, "Author", 7)))
                .isNotEqualTo(codec.key(new BasicCacheKeyImplementation(1, "Book", 7)));
    }

    @Test
    void keysDoNotDependOnWhichPartsAreTheSameObject() {
        BigDecimal part = new BigDecimal("1.5");
        Object[] shared = {part, part, "a"};
        Object[] apart = {new BigDecimal("1.5"), new BigDecimal("1.5"), new StringBuilder("a").toString()};
        assertThat(codec.key(new NaturalIdCacheKey(shared, "Book", null, 1)))
                .isEqualTo(codec.key(new NaturalIdCacheKey(apart, "Book", null, 1)));
    }

    @Test
    void tenantsHaveTheirOwnKeys() {
        Object[] values = {"a"};
        assertThat(codec.key(new NaturalIdCacheKey(values, "Book", "one", 1)))
                .isNotEqualTo(codec.key(new NaturalIdCacheKey(values, "Book", "other", 1)));
    }

    @Test
    void aFenceIsNoValue() {
        assertThat(Codec.isFence(codec.fence())).isTrue();
        assertThat(Codec.isFence(codec.value("x"))).isFalse();
        assertThat(Codec.isFence(codec.value(""))).isFalse();
        assertThat(codec.value(codec.value("text"))).isEqualTo("text");
    }

    /** Reads a value as another JVM has stored it. */
    @Test
    void anAnyIsReadByAJvmThatHasWrittenNone() throws Exception {
        Constructor<?> constructor =
                AnyType.ObjectTypeCacheEntry.class.getDeclaredConstructor(String.class, Object.class);
        constructor.setAccessible(true);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(1);
        bytes.write('O');
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(constructor.newInstance("com.acme.Order", 7L));
        }
        Codec another = new Codec(new StandardMarshaller(
                "region",
                CodecTest.class.getClassLoader(),
                LockstepSettings.ALLOWED,
                LockstepRegionFactory.HIBERNATES));
        assertThat(another.value(bytes.toByteArray())).isInstanceOf(AnyType.ObjectTypeCacheEntry.class);
    }
}
