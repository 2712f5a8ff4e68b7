package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The form that the JDK's collections have in keys: one for all lists, sets or maps that are equal, whatever their class, their
 * capacity and the order in which they were filled. Each element is written for itself; those of sets and maps are in the order
 * of their bytes. Stateless.
 */
final class CanonicalCollections {

    static final int LIST = 'l';
    static final int SET = 's';
    static final int MAP = 'm';

    private static final Set<String> PACKAGES = Set.of("java.util", "java.util.concurrent");
    private static final Comparator<Bytes> BY_BYTES =
            (one, other) -> Arrays.compareUnsigned(one.array(), other.array());

    private record Entry(Bytes key, Bytes value) {}

    private CanonicalCollections() {}

    /**
     * Tells whether this is a collection of the JDK, not compared by identity, that may be read back as another class
     * with equal instances.
     *
     * @param holders the types of what may hold it
     */
    static boolean contains(Object object, Stream<Class<?>> holders) {
        Class<?> readAs = readAs(object);
        return readAs != null && holders.allMatch(type -> !type.isInstance(object) || type.isAssignableFrom(readAs));
    }

    private static @Nullable Class<?> readAs(Object object) {
        if (!(object instanceof Serializable)
                || !PACKAGES.contains(object.getClass().getPackageName())) {
            return null;
        }
        if (object instanceof List) {
            return ArrayList.class;
        } else if (object instanceof Set) {
            return LinkedHashSet.class;
        }
        return object instanceof Map && !(object instanceof IdentityHashMap) ? LinkedHashMap.class : null;
    }

    /** @param element writes one; null is one too */
    static void write(WireWriter out, Object collection, Function<@Nullable Object, Bytes> element) {
        if (collection instanceof List<?> list) {
            out.u8(LIST).list(written(list, element), WireWriter::bytes);
        } else if (collection instanceof Set<?> set) {
            List<Bytes> elements = written(set, element);
            elements.sort(BY_BYTES);
            out.u8(SET).list(elements, WireWriter::bytes);
        } else {
            List<Entry> entries = new ArrayList<>();
            ((Map<?, ?>) collection)
                    .forEach((key, value) -> entries.add(new Entry(element.apply(key), element.apply(value))));
            entries.sort(Comparator.comparing(Entry::key, BY_BYTES).thenComparing(Entry::value, BY_BYTES));
            out.u8(MAP).list(entries, (o, entry) -> o.bytes(entry.key()).bytes(entry.value()));
        }
    }

    private static List<Bytes> written(Collection<?> collection, Function<@Nullable Object, Bytes> element) {
        List<Bytes> elements = new ArrayList<>(collection.size());
        collection.forEach(one -> elements.add(element.apply(one)));
        return elements;
    }

    /** @param tag the first byte, which has been read */
    static Object read(int tag, WireReader in, Function<Bytes, @Nullable Object> element) {
        Function<WireReader, @Nullable Object> next = i -> element.apply(i.bytes());
        if (tag == LIST) {
            return in.list(next);
        } else if (tag == SET) {
            return new LinkedHashSet<>(in.list(next));
        }
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        in.list(i -> map.put(next.apply(i), next.apply(i)));
        return map;
    }
}
