package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StandardMarshallerTest {

    private final Marshaller marshaller = another();

    /** As another JVM has it: it has not written anything. */
    private static Marshaller another(String... allowed) {
        return new StandardMarshaller(StandardMarshallerTest.class.getClassLoader(), List.of(allowed));
    }

    /** A class of an application. */
    record Point(int x, Inner inner) implements Serializable {
        record Inner(String text) implements Serializable {}
    }

    private static final Point POINT = new Point(1, new Point.Inner("a"));

    static Stream<Object> objects() {
        return Stream.of(
                "",
                "naïve \uD83D\uDE00",
                0,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                true,
                -0.0,
                Double.NaN,
                new UUID(1, -2),
                Instant.ofEpochSecond(-5, 7),
                new BigDecimal("1.50"),
                new ArrayList<>(List.of("a", 1)));
    }

    record Route(Object from, Object to) implements Serializable {}

    /** Serialization writes one object twice in another way than two equal objects, and an entry would not be found by an equal key. */
    @Test
    void equalKeysHaveEqualBytesWhetherTheirPartsAreOneObjectOrTwo() {
        String once = "Ulm";
        BigDecimal price = new BigDecimal("1.50");
        assertThat(marshaller.write(new Route(once, once)))
                .isEqualTo(marshaller.write(new Route(new String("Ulm"), new String("Ulm"))));
        assertThat(marshaller.write(new Route(price, price)))
                .isEqualTo(marshaller.write(new Route(new BigDecimal("1.50"), new BigDecimal("1.50"))));
        assertThat(marshaller.write(new Route(1_000, 1_000L))).isNotEqualTo(marshaller.write(new Route(1_000, 1_000)));
        assertThat(marshaller.read(marshaller.write(new Route(once, price)))).isEqualTo(new Route(once, price));
    }

    @ParameterizedTest
    @MethodSource("objects")
    void anObjectComesBackEqualAndEqualObjectsHaveEqualBytes(Object object) {
        Bytes bytes = marshaller.write(object);
        assertThat(marshaller.read(bytes)).isEqualTo(object).hasSameClassAs(object);
        assertThat(marshaller.write(marshaller.read(bytes))).isEqualTo(bytes);
    }

    @Test
    void anObjectThatIsNotSerializableIsRefusedWithItsClass() {
        Object object = new Object();
        assertThatThrownBy(() -> marshaller.write(object))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("java.lang.Object")
                .hasCauseInstanceOf(NotSerializableException.class);
    }

    @Test
    void whatIsDeeperThanTheLimitIsNotRead() {
        List<Object> nested = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            nested = new ArrayList<>(List.of(nested));
        }
        Bytes bytes = marshaller.write(nested);
        assertThatThrownBy(() -> marshaller.read(bytes)).isInstanceOf(CacheException.class);
    }

    @Test
    void aByteArrayIsCopied() {
        byte[] array = {1, 2, 3};
        assertThat(marshaller.read(marshaller.write(array))).isEqualTo(array).isNotSameAs(array);
        assertThat(marshaller.isImmutable(array)).isFalse();
    }

    @Test
    void aClassThatNobodyNamedIsNotReadAndTheMessageNamesTheSetting() {
        Bytes bytes = marshaller.write(POINT);
        assertThat(marshaller.read(bytes)).as("by the one who wrote it").isEqualTo(POINT);
        assertThatThrownBy(() -> another().read(bytes))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining(Point.class.getName())
                .hasMessageContaining(Marshallers.ALLOWED);
    }

    @Test
    void aClassIsReadIfItsPackageOrItselfIsAllowed() {
        Bytes bytes = marshaller.write(POINT);
        assertThat(another("dev.lockstep.jcache.*").read(bytes)).isEqualTo(POINT);
        assertThat(another(Point.class.getName(), Point.Inner.class.getName()).read(bytes))
                .isEqualTo(POINT);
        assertThatThrownBy(() -> another(Point.class.getName()).read(bytes)).isInstanceOf(CacheException.class);
        assertThatThrownBy(() -> another("dev.lockstep.jca.*").read(bytes)).isInstanceOf(CacheException.class);
    }

    @Test
    void aDeclaredTypeIsReadWithTheClassesOfItsPackage() {
        Marshaller declared = another();
        declared.allow(Point.class);
        assertThat(declared.read(marshaller.write(POINT))).isEqualTo(POINT);
    }

    @Test
    void aDynamicProxyIsNotRead() {
        Object proxy =
                Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Runnable.class}, new Ignoring());
        Bytes bytes = marshaller.write(proxy);
        assertThatThrownBy(() -> marshaller.read(bytes))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Runnable");
    }

    private static final class Ignoring implements InvocationHandler, Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            throw new UnsupportedOperationException(method.getName());
        }
    }

    /** Named by a property below. */
    public static final class Texts implements Marshaller {

        @Override
        public Bytes write(Object object) {
            return Bytes.utf8(object.toString());
        }

        @Override
        public Object read(Bytes bytes) {
            return new String(bytes.array(), StandardCharsets.UTF_8);
        }

        @Override
        public boolean isImmutable(Object object) {
            return true;
        }
    }

    @Test
    void thePropertiesNameAnotherMarshaller() {
        Properties properties = new Properties();
        assertThat(Marshallers.of(properties, getClass().getClassLoader())).isInstanceOf(StandardMarshaller.class);
        properties.setProperty(Marshallers.MARSHALLER, Texts.class.getName());
        assertThat(Marshallers.of(properties, getClass().getClassLoader())).isInstanceOf(Texts.class);
        properties.setProperty(Marshallers.MARSHALLER, "no.such.Class");
        assertThatThrownBy(() -> Marshallers.of(properties, getClass().getClassLoader()))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("no.such.Class");
    }
}
