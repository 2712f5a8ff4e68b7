package dev.lockstep.jcache.marshalling;

import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ContiguousSet;
import com.google.common.collect.DiscreteDomain;
import com.google.common.collect.EnumMultiset;
import com.google.common.collect.HashBasedTable;
import com.google.common.collect.HashBiMap;
import com.google.common.collect.HashMultimap;
import com.google.common.collect.HashMultiset;
import com.google.common.collect.ImmutableBiMap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.ImmutableRangeMap;
import com.google.common.collect.ImmutableRangeSet;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import com.google.common.collect.ImmutableTable;
import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.LinkedListMultimap;
import com.google.common.collect.Maps;
import com.google.common.collect.Range;
import com.google.common.collect.Sets;
import com.google.common.collect.TreeBasedTable;
import com.google.common.collect.TreeMultimap;
import com.google.common.collect.TreeMultiset;
import com.google.common.hash.HashCode;
import com.google.common.net.HostAndPort;
import com.google.common.primitives.ImmutableIntArray;
import com.google.common.primitives.ImmutableLongArray;
import com.google.common.primitives.Ints;
import com.google.common.primitives.UnsignedInteger;
import com.google.common.primitives.UnsignedLong;
import java.io.File;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.SimpleDateFormat;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.chrono.JapaneseDate;
import java.time.chrono.ThaiBuddhistDate;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.ValueRange;
import java.time.temporal.WeekFields;
import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Calendar;
import java.util.Collections;
import java.util.Currency;
import java.util.Date;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.Set;
import java.util.SimpleTimeZone;
import java.util.Stack;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.Vector;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;

/** Values of the types of the JDK and of Guava that applications put into caches; the same in every JVM. */
@SuppressWarnings("JdkObsolete") // Applications have them in caches.
final class SerializableValues {

    private SerializableValues() {}

    /** Returns values of the JDK, with a name each. */
    static Map<String, Object> ofTheJdk() throws Exception {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Object value : new Object[] {
            "text",
            'c',
            (byte) 1,
            (short) 2,
            3,
            4L,
            5f,
            6.0,
            true,
            String.class,
            int.class,
            RoundingMode.DOWN,
            new int[] {1},
            new int[][] {{1}, null},
            new String[] {"a", null},
            new Object[] {1, "a", null},
            new StringBuilder("b"),
            new StringBuffer("c"),
            new BigDecimal("1.50"),
            new BigInteger("123456789012345"),
            MathContext.DECIMAL64,
            new UUID(1, 2),
            URI.create("http://a/b?c#d"),
            new File("a/b"),
            InetAddress.getByName("127.0.0.1"),
            InetAddress.getByName("::1"),
            InetAddress.getByAddress("host", new byte[] {10, 0, 0, 1}),
            new InetSocketAddress("127.0.0.1", 80),
            Instant.ofEpochSecond(5, 6),
            Duration.ofNanos(7),
            LocalDate.of(2024, 2, 29),
            LocalTime.of(1, 2, 3),
            LocalDateTime.of(2024, 1, 2, 3, 4),
            OffsetDateTime.of(2024, 1, 2, 3, 4, 5, 6, ZoneOffset.ofHours(2)),
            OffsetTime.of(1, 2, 3, 4, ZoneOffset.UTC),
            ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 6, ZoneId.of("Europe/Paris")),
            ZoneId.of("Asia/Tokyo"),
            ZoneOffset.ofHours(3),
            Year.of(2024),
            YearMonth.of(2024, 5),
            MonthDay.of(5, 6),
            Period.of(1, 2, 3),
            DayOfWeek.FRIDAY,
            Month.MAY,
            JapaneseDate.of(2024, 1, 2),
            ThaiBuddhistDate.of(2567, 1, 2),
            TextStyle.FULL,
            ChronoField.DAY_OF_WEEK,
            ChronoUnit.DAYS,
            ValueRange.of(1, 5),
            WeekFields.ISO,
            ZoneId.of("Europe/Paris").getRules(),
            new Date(8),
            new java.sql.Timestamp(9),
            new java.sql.Date(10),
            new Calendar.Builder()
                    .setInstant(11)
                    .setCalendarType("gregory")
                    .setTimeZone(TimeZone.getTimeZone("Asia/Tokyo"))
                    .build(),
            calendar(),
            TimeZone.getTimeZone("Europe/Berlin"),
            new SimpleTimeZone(3_600_000, "x"),
            Currency.getInstance("EUR"),
            Locale.GERMANY,
            new Locale.Builder().setLanguage("sr").setScript("Latn").build(),
            Pattern.compile("a+"),
            TimeUnit.DAYS,
            new SimpleDateFormat("yyyy", Locale.ROOT),
            new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)),
            new AtomicInteger(1),
            new AtomicLong(2),
            new AtomicBoolean(true),
            new AtomicReference<>("r"),
            new AtomicIntegerArray(new int[] {1}),
            adder(),
            List.of(),
            List.of(1),
            List.of(1, 2, 3),
            Set.of("a"),
            Map.of("a", 1),
            Map.of(),
            new ArrayList<>(List.of(1)),
            new LinkedList<>(List.of(1)),
            new Vector<>(List.of(1)),
            stack(),
            Arrays.asList(1, null),
            new HashSet<>(Set.of(1)),
            new LinkedHashSet<>(List.of(2, 1)),
            new TreeSet<>(Set.of("b", "a")),
            new HashMap<>(Map.of(1, 2)),
            new LinkedHashMap<>(Map.of(1, 2)),
            new TreeMap<>(Map.of(1, 2)),
            new TreeMap<>(Collections.reverseOrder()),
            new TreeSet<>(String.CASE_INSENSITIVE_ORDER),
            new Hashtable<>(Map.of(1, 2)),
            new Properties(),
            EnumSet.of(TimeUnit.DAYS),
            EnumSet.noneOf(Month.class),
            new EnumMap<>(Map.of(TimeUnit.DAYS, 1)),
            BitSet.valueOf(new long[] {5}),
            new ArrayDeque<>(List.of(1)),
            new PriorityQueue<>(List.of(2, 1)),
            new AbstractMap.SimpleEntry<>("a", 1),
            new AbstractMap.SimpleImmutableEntry<>("a", 1),
            Collections.emptyList(),
            Collections.emptyMap(),
            Collections.singletonList(1),
            Collections.singletonMap("a", null),
            Collections.singleton(1),
            Collections.nCopies(3, "x"),
            Collections.unmodifiableList(new ArrayList<>(List.of(1))),
            Collections.unmodifiableMap(new HashMap<>(Map.of(1, 2))),
            Collections.unmodifiableSet(new HashSet<>(Set.of(1))),
            Collections.synchronizedList(new ArrayList<>(List.of(1))),
            Collections.synchronizedMap(new HashMap<>(Map.of(1, 2))),
            Collections.checkedList(new ArrayList<>(List.of("a")), String.class),
            Collections.newSetFromMap(new ConcurrentHashMap<Integer, Boolean>()),
            new ConcurrentHashMap<>(Map.of(1, 2)),
            keySet(),
            new ConcurrentSkipListMap<>(Map.of(1, 2)),
            new ConcurrentSkipListSet<>(Set.of(1)),
            new CopyOnWriteArrayList<>(List.of(1)),
            new CopyOnWriteArraySet<>(List.of(1)),
            new ConcurrentLinkedQueue<>(List.of(1)),
            new ConcurrentLinkedDeque<>(List.of(1)),
            new LinkedBlockingQueue<>(List.of(1)),
            new LinkedBlockingDeque<>(List.of(1)),
            new LinkedTransferQueue<>(List.of(1)),
            new PriorityBlockingQueue<>(List.of(1)),
            new ArrayBlockingQueue<>(3, true, List.of(1))
        }) {
            values.put(values.size() + " " + value.getClass().getName(), value);
        }
        return values;
    }

    /** Returns values of Guava, likewise. */
    static Map<String, Object> ofGuava() {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Object value : new Object[] {
            ImmutableList.of(),
            ImmutableList.of("a"),
            ImmutableList.of("a", "b"),
            ImmutableList.of("a", "b", "c").reverse(),
            ImmutableSet.of(),
            ImmutableSet.of("a"),
            ImmutableSet.of("a", "b"),
            Sets.immutableEnumSet(TimeUnit.DAYS, TimeUnit.HOURS),
            ImmutableMap.of(),
            ImmutableMap.of("a", 1),
            ImmutableMap.of("a", 1, "b", 2),
            Maps.immutableEnumMap(Map.of(TimeUnit.DAYS, 1)),
            ImmutableSortedSet.of("b", "a"),
            ImmutableSortedMap.of("b", 1, "a", 2),
            ImmutableBiMap.of("a", 1, "b", 2),
            ImmutableMultiset.of("a", "a"),
            ImmutableListMultimap.of("a", 1, "a", 2),
            ImmutableSetMultimap.of("a", 1, "b", 2),
            ImmutableTable.of("r", "c", 1),
            ImmutableRangeSet.of(Range.closed(1, 2)),
            ImmutableRangeMap.of(Range.closed(1, 2), "a"),
            Range.closedOpen(1, 2),
            Range.all(),
            ContiguousSet.create(Range.closed(1, 3), DiscreteDomain.integers()),
            ArrayListMultimap.create(ImmutableListMultimap.of("a", 1)),
            HashMultimap.create(ImmutableListMultimap.of("a", 1)),
            LinkedHashMultimap.create(ImmutableListMultimap.of("a", 1)),
            LinkedListMultimap.create(ImmutableListMultimap.of("a", 1)),
            TreeMultimap.create(ImmutableListMultimap.of("a", 1)),
            HashMultiset.create(List.of("a", "a")),
            TreeMultiset.create(List.of("a", "a")),
            EnumMultiset.create(List.of(TimeUnit.DAYS)),
            HashBiMap.create(Map.of("a", 1)),
            HashBasedTable.create(ImmutableTable.of("r", "c", 1)),
            TreeBasedTable.create(TreeBasedTable.<String, String, Integer>create()),
            com.google.common.base.Optional.of("a"),
            com.google.common.base.Optional.absent(),
            HashCode.fromInt(5),
            HostAndPort.fromParts("a", 1),
            ImmutableIntArray.of(1, 2),
            ImmutableLongArray.of(3),
            Ints.asList(1, 2),
            UnsignedInteger.fromIntBits(-1),
            UnsignedLong.fromLongBits(-1),
            new Holder("h", ImmutableList.of(ImmutableSet.of("a", "b"), "c"))
        }) {
            values.put(values.size() + " " + value.getClass().getName(), value);
        }
        return values;
    }

    /** An application's record. */
    record Holder(String name, Object content) implements Serializable {}

    private static Calendar calendar() {
        return new Calendar.Builder()
                .setInstant(11)
                .setCalendarType("buddhist")
                .setTimeZone(TimeZone.getTimeZone("UTC"))
                .build();
    }

    private static LongAdder adder() {
        LongAdder adder = new LongAdder();
        adder.add(5);
        return adder;
    }

    private static Stack<Integer> stack() {
        Stack<Integer> stack = new Stack<>();
        stack.push(1);
        return stack;
    }

    private static Set<Integer> keySet() {
        Set<Integer> set = ConcurrentHashMap.newKeySet();
        set.add(1);
        return set;
    }

    /** Returns whether a value came back: compared by its text where its class has no equals. */
    static boolean same(Object one, Object other) {
        return Objects.deepEquals(one, other)
                || (one.getClass() == other.getClass() && one.toString().equals(other.toString()));
    }
}
