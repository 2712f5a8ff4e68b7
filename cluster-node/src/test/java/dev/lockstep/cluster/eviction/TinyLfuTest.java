package dev.lockstep.cluster.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TinyLfuTest {

    private static final int CAPACITY = 1_000;
    private static final int KEYS = 20_000;
    private static final int READS = 400_000;

    private final TinyLfu policy = new TinyLfu();

    private static Bytes key(int i) {
        return Bytes.utf8("key-" + i);
    }

    /** Keys by Zipf's law; after so many reads, the popular ones are others. */
    private static int[] zipf(double skew, int changesAfter) {
        double[] upTo = new double[KEYS];
        double sum = 0;
        for (int i = 0; i < KEYS; i++) {
            sum += Math.pow(i + 1, -skew);
            upTo[i] = sum;
        }
        double all = sum;
        Random random = new Random(42);
        return IntStream.range(0, READS)
                .map(read -> {
                    int at = Arrays.binarySearch(upTo, random.nextDouble() * all);
                    int rank = Math.min(KEYS - 1, at < 0 ? -at - 1 : at);
                    return rank + read / changesAfter * KEYS;
                })
                .toArray();
    }

    private static double hitRatio(int[] reads, IntPredicate cached) {
        return (double) Arrays.stream(reads).filter(cached).count() / reads.length;
    }

    private static double caffeine(int[] reads) {
        Cache<Integer, Boolean> cache = Caffeine.newBuilder()
                .maximumSize(CAPACITY)
                .executor(Runnable::run)
                .build();
        return hitRatio(reads, key -> {
            boolean hit = cache.getIfPresent(key) != null;
            if (!hit) {
                cache.put(key, true);
            }
            return hit;
        });
    }

    /** @param batch how many too many there are before they are evicted */
    private static double ours(int[] reads, int batch) {
        TinyLfu policy = new TinyLfu();
        Set<Bytes> cached = new HashSet<>();
        return hitRatio(reads, number -> {
            Bytes key = key(number);
            boolean hit = !cached.add(key);
            if (hit) {
                policy.read(key);
            } else {
                policy.written(key);
            }
            if (cached.size() >= CAPACITY + batch) {
                while (cached.size() > CAPACITY) {
                    cached.remove(policy.next());
                }
                policy.admit();
            }
            return hit;
        });
    }

    @ParameterizedTest
    @CsvSource({"0.8, 1, 400000", "1.0, 1, 400000", "1.0, 100, 400000", "1.0, 1, 100000", "1.0, 100, 100000"})
    void hitsAboutAsOftenAsCaffeine(double skew, int batch, int changesAfter) {
        int[] reads = zipf(skew, changesAfter);
        double caffeine = caffeine(reads);
        double ours = ours(reads, batch);
        assertThat(ours).isBetween(caffeine - 0.02, caffeine + 0.05);
    }

    @Test
    void frequentlyUsedKeysSurviveAScan() {
        for (int i = 0; i < CAPACITY; i++) {
            policy.written(key(i));
            policy.admit();
        }
        for (int read = 0; read < 5 * CAPACITY; read++) {
            policy.read(key(read % CAPACITY));
        }
        Set<Bytes> gone = new HashSet<>();
        for (int i = CAPACITY; i < 3 * CAPACITY; i++) {
            policy.written(key(i));
            gone.add(policy.next());
            policy.admit();
        }
        assertThat(gone).hasSize(2 * CAPACITY);
        assertThat(IntStream.range(0, CAPACITY).filter(i -> gone.contains(key(i))))
                .as("no more than the window that the new ones have pushed out")
                .hasSizeLessThan(CAPACITY / 20);
        assertThat(policy.size()).isEqualTo(CAPACITY);
    }

    @Test
    void everyKeyGoesOnceAndNoneThatIsGone() {
        for (int i = 0; i < 300; i++) {
            policy.written(key(i));
            policy.found(key(i));
        }
        policy.found(key(300));
        for (int i = 0; i < 300; i += 3) {
            policy.read(key(i));
            policy.removed(key(i + 1));
        }
        Set<Bytes> gone = new HashSet<>();
        for (Bytes next = policy.next(); next != null; next = policy.next()) {
            assertThat(gone.add(next)).isTrue();
        }
        assertThat(gone).hasSize(201).doesNotContain(key(1), key(298));
        policy.written(key(1));
        policy.cleared();
        assertThat(policy.next()).isNull();
    }

    @Test
    void theSketchKnowsWhatItCountedAfterItHasGrown() {
        FrequencySketch sketch = new FrequencySketch();
        for (int i = 0; i < 9; i++) {
            sketch.used(key(1));
        }
        sketch.ensureRoomFor(10_000);
        assertThat(sketch.frequency(key(1))).isEqualTo(9);
        assertThat(sketch.frequency(key(2))).isZero();
        for (int i = 0; i < 400_000; i++) {
            sketch.used(key(10 + i));
        }
        assertThat(sketch.frequency(key(1))).as("halved").isLessThan(9);
    }
}
