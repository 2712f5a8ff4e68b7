package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.cache.CacheException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandardMarshallerTest {

    private final Marshaller marshaller = another();

    /** Returns a marshaller as another JVM has it, which has not written anything. */
    private static Marshaller another(String... allowed) {
        return ofJvm(ConcurrentHashMap.newKeySet(), allowed);
    }

    /** @param written what its JVM has written */
    private static Marshaller ofJvm(Set<String> written, String... allowed) {
        return new StandardMarshaller(
                "orders",
                StandardMarshallerTest.class.getClassLoader(),
                Marshallers.ALLOWED,
                new SerialFilter(List.of(allowed), written));
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
    void aStreamDeeperThanTheLimitIsRefused() {
        assertThatThrownBy(() -> marshaller.read(serialized(nested(300))))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache orders")
                .hasMessageContaining("200 levels");
    }

    private static Object nested(int levels) {
        Object nested = new ArrayList<>();
        for (int i = 1; i < levels; i++) {
            nested = new ArrayList<>(List.of(nested));
        }
        return nested;
    }

    /** Serializes an object as a JVM that checks nothing would have. */
    private static Bytes serialized(Object object) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write('O');
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return Bytes.of(bytes.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1, 62, 63, 64, 65, 100, 148, 149, 150, 151, 190, 198, 199, 200, 201, 202, 250, 1_000, 5_000, 100_000
            })
    void structuresWithinTheLimitRoundTripAndDeeperOnesAreRefusedNamingIt(int levels) {
        Object nested = nested(levels);
        Bytes bytes;
        try {
            bytes = marshaller.write(nested);
        } catch (CacheException refused) {
            assertThat(levels).isGreaterThan(195);
            assertThat(refused).hasMessageContaining("Cache orders").hasMessageContaining("200 levels");
            return;
        }
        assertThat(levels).isLessThanOrEqualTo(200);
        assertThat(marshaller.read(bytes)).isEqualTo(nested);
    }

    @Test
    void moreReferencesThanMayBeReadAreNotWritten() {
        assertThatThrownBy(() -> marshaller.write(new ArrayList<>(Collections.nCopies(1_200_000, (byte) 1))))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache orders")
                .hasMessageContaining("1,000,000 references");
        assertThat(marshaller.read(marshaller.write(new ArrayList<>(Collections.nCopies(900_000, (byte) 1)))))
                .isEqualTo(Collections.nCopies(900_000, (byte) 1));
    }

    /** Cannot be read. */
    private static final class Poison implements Serializable {
        private static final long serialVersionUID = 1;

        private void readObject(ObjectInputStream in) throws IOException {
            throw new IOException("poisoned");
        }
    }

    @Test
    void aValueThatItsOwnClassRefusesToReadIsNeverWritten() {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> marshaller.write(new ArrayList<>(List.of(new Poison()))))
                    .isInstanceOf(CacheException.class)
                    .hasMessageContaining("poisoned");
        }
    }

    @Test
    void aLambdaIsReadByTheJvmThatWroteIt() {
        var lambda = (Function<Integer, Integer> & Serializable) number -> number + 1;
        @SuppressWarnings("unchecked")
        var back = (Function<Integer, Integer>) marshaller.read(marshaller.write(lambda));
        assertThat(back.apply(1)).isEqualTo(2);
    }

    @Test
    void aClassThatOneMarshallerOfAJvmHasWrittenIsReadByTheOthers() {
        Set<String> ofJvm = ConcurrentHashMap.newKeySet();
        Bytes bytes = ofJvm(ofJvm).write(POINT);
        assertThat(ofJvm(ofJvm).read(bytes)).isEqualTo(POINT);
        assertThatThrownBy(() -> another().read(bytes)).isInstanceOf(CacheException.class);
    }

    @Test
    void marshallersOfOneJvmShareWhatItHasWritten() {
        Properties none = new Properties();
        Bytes bytes =
                Marshallers.of(none, getClass().getClassLoader(), "orders").write(new Written(1));
        assertThat(Marshallers.of(none, getClass().getClassLoader(), "customers")
                        .read(bytes))
                .isEqualTo(new Written(1));
    }

    record Written(int number) implements Serializable {}

    @Test
    void aByteArrayIsCopied() {
        byte[] array = {1, 2, 3};
        assertThat(marshaller.read(marshaller.write(array))).isEqualTo(array).isNotSameAs(array);
        assertThat(marshaller.isImmutable(array)).isFalse();
    }

    @Test
    void aClassThatIsNotAllowedIsNotReadAndTheMessageNamesTheSetting() {
        Bytes bytes = marshaller.write(POINT);
        assertThat(marshaller.read(bytes)).as("by the one who wrote it").isEqualTo(POINT);
        assertThatThrownBy(() -> another().read(bytes))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache orders")
                .hasMessageContaining(Marshallers.ALLOWED + "=" + Point.class.getName());
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
    void aDynamicProxyIsNeitherWrittenNorRead() {
        Object proxy =
                Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Runnable.class}, new Ignoring());
        assertThatThrownBy(() -> marshaller.write(proxy))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache orders")
                .hasMessageContaining("Runnable");
        assertThatThrownBy(() -> marshaller.read(serialized(proxy)))
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
        assertThat(Marshallers.of(properties, getClass().getClassLoader(), "orders"))
                .isInstanceOf(StandardMarshaller.class);
        properties.setProperty(Marshallers.MARSHALLER, Texts.class.getName());
        assertThat(Marshallers.of(properties, getClass().getClassLoader(), "orders"))
                .isInstanceOf(Texts.class);
        properties.setProperty(Marshallers.MARSHALLER, "no.such.Class");
        assertThatThrownBy(() -> Marshallers.of(properties, getClass().getClassLoader(), "orders"))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("no.such.Class");
    }
}
