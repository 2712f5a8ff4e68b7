package dev.lockstep.cluster.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.store.ShardStore;
import dev.lockstep.cluster.store.heap.HeapStore;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CapacitySharesTest {

    @Test
    void aShardUsesWhatOthersLeave() {
        assertThat(CapacityShares.excess(100, 4, 70, new long[] {70, 10, 10, 10}))
                .isZero();
        assertThat(CapacityShares.excess(100, 4, 71, new long[] {71, 10, 10, 10}))
                .isEqualTo(1);
    }

    @Test
    void onlyShardsAboveTheirSharesGiveBackInProportion() {
        long[] counts = {65, 45, 20, 20};
        assertThat(CapacityShares.excess(100, 4, 65, counts)).isEqualTo(34);
        assertThat(CapacityShares.excess(100, 4, 45, counts)).isEqualTo(17);
        assertThat(CapacityShares.excess(100, 4, 20, counts)).isZero();
    }

    @Test
    void aBoundThatDoesNotDivideIsUsedToTheFull() {
        assertThat(CapacityShares.excess(3, 16, 3, counts(16, 3))).isZero();
        assertThat(CapacityShares.excess(3, 16, 4, counts(16, 4))).isEqualTo(1);
        assertThat(CapacityShares.excess(Long.MAX_VALUE, 16, 1_000, counts(16, 1_000)))
                .isZero();
    }

    private static long[] counts(int shards, long first) {
        long[] counts = new long[shards];
        counts[0] = first;
        return counts;
    }

    @Test
    void shardsHostedElsewhereAreTakenToNeedTheirShares() {
        assertThat(CapacityShares.excess(160, 16, 40, new long[] {40, 0, 0, 0})).isZero();
        assertThat(CapacityShares.excess(160, 16, 41, new long[] {41, 0, 0, 0})).isEqualTo(1);
    }

    @Test
    void sharesFollowTheNumberOfShardsThatIsKnown() {
        AtomicInteger shards = new AtomicInteger(4);
        CapacityShares shares = new CapacityShares(shards::get);
        ShardStore store = new HeapStore();
        shares.host(new CapacityShares.Hosted() {
            @Override
            public ShardStore store() {
                return store;
            }

            @Override
            public List<Integer> boundedCaches() {
                return List.of(1);
            }
        });
        assertThat(shares.excess(100, store, entries -> 30)).isEqualTo(5);
        shards.set(2);
        assertThat(shares.excess(100, store, entries -> 30)).isZero();
    }

    @Test
    void whenAllHaveGivenBackTheBoundIsKeptAndHardlyMoreIsGone() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            long[] counts = LongStream.generate(() -> random.nextInt(50))
                    .limit(1 + random.nextInt(16))
                    .toArray();
            long bound = 1L + random.nextInt(400);
            long before = LongStream.of(counts).sum();
            long left = LongStream.of(counts)
                    .map(count -> count - CapacityShares.excess(bound, counts.length, count, counts))
                    .sum();
            assertThat(left).isLessThanOrEqualTo(bound).isGreaterThan(Math.min(before, bound) - counts.length);
        }
    }
}
