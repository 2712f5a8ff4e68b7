package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.Month;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Date;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.Vector;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import javax.cache.CacheException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Equal keys have equal bytes, and what is read from them is equal to them. */
@SuppressWarnings("JdkObsolete") // Applications have them in keys.
class KeyBytesTest {

    private final Marshaller marshaller = new StandardMarshaller(
            "orders",
            KeyBytesTest.class.getClassLoader(),
            Marshallers.ALLOWED,
            new SerialFilter(List.of(), ConcurrentHashMap.newKeySet()));

    record Pair(Object one, Object other) implements Serializable {}

    record Declared(
            TreeMap<String, Integer> tree,
            LinkedList<String> list,
            SortedMap<String, Integer> sorted,
            HashMap<String, Integer> hash)
            implements Serializable {}

    /** The arguments of a method, as a framework makes a key of them. */
    private static final class Parameters implements Serializable {
        private static final long serialVersionUID = 1;
        private final Object[] values;

        Parameters(Object... values) {
            this.values = values;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Parameters parameters && Arrays.deepEquals(values, parameters.values);
        }

        @Override
        public int hashCode() {
            return Arrays.deepHashCode(values);
        }
    }

    private static <T> Set<T> roomy(Set<T> content) {
        Set<T> set = new HashSet<>(4_096);
        List<T> backwards = new ArrayList<>(content);
        Collections.reverse(backwards);
        set.addAll(backwards);
        return set;
    }

    private static Map<String, Integer> roomy(Map<String, Integer> content) {
        Map<String, Integer> map = new HashMap<>(4_096);
        map.putAll(content);
        return map;
    }

    private static List<List<Object>> equal() {
        Set<String> names = new LinkedHashSet<>();
        Map<String, Integer> numbers = new LinkedHashMap<>();
        for (int i = 0; i < 40; i++) {
            names.add("name-" + i * 37 % 41);
            numbers.put("number-" + i * 37 % 41, i);
        }
        LocalDate day = LocalDate.of(2024, 2, 29);
        Pair pair = new Pair("a", day);
        BitSet wide = new BitSet(1_000);
        wide.set(3);
        BitSet narrow = new BitSet();
        narrow.set(3);
        return List.of(
                List.of(
                        List.of(1, "a"),
                        new ArrayList<>(List.of(1, "a")),
                        Arrays.asList(1, "a"),
                        new LinkedList<>(List.of(1, "a")),
                        new Vector<>(List.of(1, "a")),
                        new CopyOnWriteArrayList<>(List.of(1, "a")),
                        Collections.unmodifiableList(Arrays.asList(1, "a")),
                        Collections.synchronizedList(Arrays.asList(1, "a"))),
                List.of(List.of(), new ArrayList<>(), Collections.emptyList(), new LinkedList<>()),
                List.of(List.of("x"), Collections.singletonList("x"), Collections.nCopies(1, "x")),
                List.of(
                        names,
                        new HashSet<>(names),
                        roomy(names),
                        new TreeSet<>(names),
                        Set.copyOf(names),
                        Collections.unmodifiableSet(names),
                        keySet(names)),
                List.of(
                        numbers,
                        new HashMap<>(numbers),
                        roomy(numbers),
                        new TreeMap<>(numbers),
                        Map.copyOf(numbers),
                        new ConcurrentHashMap<>(numbers),
                        new ConcurrentSkipListMap<>(numbers),
                        Collections.unmodifiableMap(numbers)),
                List.of(
                        EnumSet.of(Month.MAY, Month.JUNE),
                        new HashSet<>(List.of(Month.JUNE, Month.MAY)),
                        Set.of(Month.MAY, Month.JUNE)),
                List.of(new EnumMap<>(Map.of(Month.MAY, 1, Month.JUNE, 2)), Map.of(Month.JUNE, 2, Month.MAY, 1)),
                List.of(
                        List.of(Set.of(1, 2, 3), Map.of("a", List.of(1))),
                        new ArrayList<>(
                                List.of(new TreeSet<>(Set.of(3, 2, 1)), new HashMap<>(Map.of("a", Arrays.asList(1)))))),
                List.of(
                        new Pair(names, numbers),
                        new Pair(Set.copyOf(names), new TreeMap<>(numbers)),
                        new Pair(roomy(names), roomy(numbers))),
                List.of(
                        new Pair(List.of(1), Arrays.asList(1)),
                        new Pair(new ArrayList<>(List.of(1)), new ArrayList<>(List.of(1)))),
                List.of(new Pair(EnumSet.of(Month.MAY), 1), new Pair(new HashSet<>(Set.of(Month.MAY)), 1)),
                List.of(
                        new Parameters("a", names, List.of(1)),
                        new Parameters("a", roomy(names), new ArrayList<>(List.of(1)))),
                List.of(new Pair(day, day), new Pair(day, LocalDate.of(2024, 2, 29))),
                List.of(new Pair(pair, pair), new Pair(new Pair("a", day), new Pair("a", LocalDate.of(2024, 2, 29)))),
                List.of(new Pair(wide, wide), new Pair(narrow, wide), new Pair(narrow, BitSet.valueOf(new long[] {8}))),
                List.of(wide, narrow),
                List.of(new Pair(new Date(5), new Date(5)), sharing(new Date(5))),
                List.of(new Pair(new Locale("de", "DE"), Locale.GERMANY), sharing(Locale.GERMANY)),
                List.of(new Pair(new BigDecimal("1.5"), new BigDecimal("1.5")), sharing(new BigDecimal("1.5"))));
    }

    private static Pair sharing(Object object) {
        return new Pair(object, object);
    }

    private static Set<String> keySet(Set<String> content) {
        Set<String> set = ConcurrentHashMap.newKeySet();
        set.addAll(content);
        return set;
    }

    @TestFactory
    Stream<DynamicTest> equalKeysHaveEqualBytes() {
        return equal().stream()
                .map(keys -> DynamicTest.dynamicTest(keys.get(0).toString(), () -> {
                    Bytes bytes = marshaller.writeKey(keys.get(0));
                    Object back = marshaller.read(bytes);
                    for (Object key : keys) {
                        assertThat(key).isEqualTo(keys.get(0)).isEqualTo(back);
                        assertThat(back).isEqualTo(key).hasSameHashCodeAs(key);
                        assertThat(marshaller.writeKey(key))
                                .as("%s", key.getClass())
                                .isEqualTo(bytes);
                    }
                }));
    }

    @Test
    void differentKeysHaveDifferentBytes() {
        List<Object> keys = List.of(
                List.of(),
                Set.of(),
                Map.of(),
                List.of(1),
                List.of(1L),
                List.of("1"),
                Set.of(1),
                Map.of(1, 1),
                List.of(1, 2),
                List.of(2, 1),
                List.of(List.of(1)),
                List.of(Set.of(1)),
                Arrays.asList(1, null),
                Collections.singletonList(null),
                new Pair(List.of(1), null),
                new Pair(Set.of(1), null),
                new Pair(List.of(1), List.of(1)),
                new Pair(List.of(1), List.of(2)),
                new Pair(1, 1L),
                new Pair(1, 1),
                new Pair(LocalDate.of(2024, 1, 1), LocalDate.of(2024, 1, 2)),
                new Pair(new Date(5), new java.sql.Timestamp(5)));
        assertThat(keys.stream().map(marshaller::writeKey).distinct()).hasSameSizeAs(keys);
    }

    @Test
    void aFieldOfANarrowerTypeHoldsWhatItDeclares() {
        Declared key = new Declared(
                new TreeMap<>(Map.of("b", 1, "a", 2)),
                new LinkedList<>(List.of("x")),
                new TreeMap<>(Map.of("c", 3)),
                new HashMap<>(Map.of("d", 4)));
        assertThat(marshaller.read(marshaller.writeKey(key))).isEqualTo(key);
        Object[] arrays = {new TreeMap<?, ?>[] {new TreeMap<>(Map.of("a", 1))}, new EnumMap<>(Map.of(Month.MAY, 1))};
        assertThat(Arrays.deepEquals((Object[]) marshaller.read(marshaller.writeKey(arrays)), arrays))
                .isTrue();
    }

    @Test
    void aKeyOfADeclaredTypeIsReadBackAsThat() {
        marshaller.allow(TreeMap.class);
        Object key = new TreeMap<>(Map.of("a", 1));
        assertThat(marshaller.read(marshaller.writeKey(key)))
                .isInstanceOf(TreeMap.class)
                .isEqualTo(key);
    }

    @Test
    void aValueKeepsItsClass() {
        for (Object value : List.of(
                new LinkedList<>(List.of(1)), new TreeMap<>(Map.of("a", 1)), List.of(1), EnumSet.of(Month.MAY))) {
            assertThat(marshaller.read(marshaller.write(value)))
                    .isEqualTo(value)
                    .hasSameClassAs(value);
        }
    }

    @Test
    void collectionsNestedTooDeepAreRefusedNamingTheLimit() {
        Object key = 1;
        for (int i = 0; i < 20; i++) {
            key = List.of(key);
        }
        assertThat(marshaller.read(marshaller.writeKey(key))).isEqualTo(key);
        List<Object> deeper = List.of(key);
        assertThatThrownBy(() -> marshaller.writeKey(deeper))
                .isInstanceOf(CacheException.class)
                .hasMessageContaining("Cache orders")
                .hasMessageContaining("20 levels");
        List<Object> itself = new ArrayList<>();
        itself.add(itself);
        assertThatThrownBy(() -> marshaller.writeKey(itself)).isInstanceOf(CacheException.class);
    }

    /** Equal to another whose content was added in another order. */
    private static final class Bag extends HashSet<String> {
        private static final long serialVersionUID = 1;

        Bag(int room) {
            super(room);
        }
    }

    private static Bag bag(int room) {
        Bag bag = new Bag(room);
        bag.addAll(List.of("a", "b"));
        return bag;
    }

    @Test
    void aKeyWhoseCopyHasOtherBytesIsWarnedOfOncePerCache() {
        assertThat(warnings(() -> {
                    for (int room = 5_000; room < 5_020; room++) {
                        marshaller.writeKey(bag(room));
                    }
                }))
                .containsOnlyOnce("WARN")
                .contains("Cache orders")
                .contains(Bag.class.getName());
        assertThat(warnings(() -> equal().forEach(keys -> keys.forEach(marshaller::writeKey))))
                .doesNotContain("WARN");
    }

    @Test
    void aRefusedClassIsWarnedOfOncePerCacheWithTheLineToAdd() {
        Bytes bytes = marshaller.write(new Pair(1, 2));
        Marshaller another = new StandardMarshaller(
                "orders",
                KeyBytesTest.class.getClassLoader(),
                Marshallers.ALLOWED,
                new SerialFilter(List.of(), ConcurrentHashMap.newKeySet()));
        assertThat(warnings(() -> {
                    for (int i = 0; i < 3; i++) {
                        assertThatThrownBy(() -> another.read(bytes)).isInstanceOf(CacheException.class);
                    }
                }))
                .containsOnlyOnce("WARN")
                .contains("Cache orders")
                .contains(Marshallers.ALLOWED + "=" + Pair.class.getName());
    }

    private static String warnings(Runnable action) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
            action.run();
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
