package dev.lockstep.benchmarks.peers;

import java.io.Serializable;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import javax.cache.Cache;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.MutableEntry;

/**
 * The steps that callers repeat. Simple operations are on {@value #ENTRIES} entries of 100 characters, all equally popular, those
 * on many on {@value #TOGETHER} of them. YCSB's are on {@value #ENTRIES} records of 1,000 characters, read and written as a whole.
 */
final class Steps {

    private static final int ENTRIES = 10_000;
    private static final int TOGETHER = 100;
    private static final String[] KEYS = new String[ENTRIES];
    private static final String VALUE = "v".repeat(100);
    private static final String RECORD = "r".repeat(1_000);

    private final Cache<String, String> entries;
    private final Cache<String, String> records;
    private Inserts inserts = new Inserts(ENTRIES);

    static {
        for (int i = 0; i < ENTRIES; i++) {
            KEYS[i] = "customer:" + i;
        }
    }

    Steps(Cache<String, String> entries, Cache<String, String> records) {
        this.entries = entries;
        this.records = records;
    }

    /** Writes all entries and records. */
    void fill() {
        for (int from = 0; from < ENTRIES; from += TOGETHER) {
            Map<String, String> some = new TreeMap<>();
            Map<String, String> others = new TreeMap<>();
            for (int i = from; i < from + TOGETHER; i++) {
                some.put(KEYS[i], VALUE);
                others.put(YcsbKeys.name(i), RECORD);
            }
            entries.putAll(some);
            records.putAll(others);
        }
    }

    /** Removes what a load has inserted, so that the next one finds what this one found. */
    void tidy() {
        for (int from = ENTRIES; from < inserts.end(); from += TOGETHER) {
            Set<String> some = new HashSet<>();
            for (int i = from; i < Math.min(from + TOGETHER, inserts.end()); i++) {
                some.add(YcsbKeys.name(i));
            }
            records.removeAll(some);
        }
        inserts = new Inserts(ENTRIES);
    }

    /**
     * A caller's step.
     *
     * @return tells whether it did something; once it does not, the load is over
     */
    BooleanSupplier of(Operation operation) {
        return switch (operation) {
            case PUT -> always(() -> entries.put(key(), VALUE));
            case GET -> always(() -> entries.get(key()));
            case INVOKE -> always(() -> entries.invoke(key(), new Rotate()));
            case PUT_ALL -> always(this::putMany);
            case GET_ALL -> always(this::getMany);
            case YCSB_A -> mix(0.5, this::update);
            case YCSB_B -> mix(0.05, this::update);
            case YCSB_C -> mix(0, this::update);
            case YCSB_D -> readLatest();
            case YCSB_F ->
                mix(0.5, name -> {
                    records.get(name);
                    update(name);
                });
        };
    }

    private static BooleanSupplier always(Runnable step) {
        return () -> {
            step.run();
            return true;
        };
    }

    private static String key() {
        return KEYS[ThreadLocalRandom.current().nextInt(ENTRIES)];
    }

    /** In order: products that lock many entries one after another could wait for each other else. */
    private void putMany() {
        Map<String, String> some = new TreeMap<>();
        int first = ThreadLocalRandom.current().nextInt(ENTRIES);
        for (int i = first; i < first + TOGETHER; i++) {
            some.put(KEYS[i % ENTRIES], VALUE);
        }
        entries.putAll(some);
    }

    private void getMany() {
        Set<String> some = new HashSet<>();
        int first = ThreadLocalRandom.current().nextInt(ENTRIES);
        for (int i = first; i < first + TOGETHER; i++) {
            some.add(KEYS[i % ENTRIES]);
        }
        entries.getAll(some);
    }

    private void update(String name) {
        records.put(name, RECORD);
    }

    private interface Change {
        void of(String name);
    }

    private BooleanSupplier mix(double changes, Change change) {
        YcsbKeys keys = new YcsbKeys(ENTRIES);
        return always(() -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            String name = YcsbKeys.name(keys.zipfian(ENTRIES, random));
            if (random.nextDouble() < changes) {
                change.of(name);
            } else {
                records.get(name);
            }
        });
    }

    private BooleanSupplier readLatest() {
        YcsbKeys keys = new YcsbKeys(ENTRIES);
        return () -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            if (random.nextDouble() >= 0.05) {
                records.get(YcsbKeys.name(keys.latest(inserts.readable(), random)));
                return true;
            }
            int record = inserts.next();
            if (record < 0) {
                return false;
            }
            records.put(YcsbKeys.name(record), RECORD);
            inserts.inserted(record);
            return true;
        };
    }

    /** Moves the first character behind the others. */
    static final class Rotate implements EntryProcessor<String, String, Void>, Serializable {

        private static final long serialVersionUID = 1;

        @Override
        public Void process(MutableEntry<String, String> entry, Object... arguments) {
            String value = entry.getValue();
            entry.setValue(value.substring(1) + value.charAt(0));
            return null;
        }
    }
}
