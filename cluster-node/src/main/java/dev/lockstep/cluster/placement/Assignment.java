package dev.lockstep.cluster.placement;

import static java.util.Comparator.comparingLong;

import dev.lockstep.protocol.topology.NodeId;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * An assignment of shards to hosts that is improved until it is the best that there is: no other within the bounds of
 * the zones is better balanced, and none that is balanced as well has lower costs.
 *
 * <p>It is a flow of least cost: from each shard, through zones, to hosts, whose cost rises with each replica that they
 * have. An assignment is the best when no cycle of shifts lowers the costs, so cycles are looked for until there is none.
 * Of several shards that a host might give away, and of several hosts that might take one, a hash of both chooses
 * (rendezvous hashing), so that the shards of one host have their other replicas on many.
 */
final class Assignment {

    /** The cost of a replica that its host has already, and leads. */
    static final int LEADS = -1;

    /** The cost of a replica that its host has already. */
    static final int STAYS = 0;

    /** The cost of a replica that is new to its host, which no number of leaders in one cycle outweighs. */
    static final int NEW = 1 << 12;

    /** The cost of a replica that its host must not have. */
    static final int EXCLUDED = Integer.MAX_VALUE;

    /** What a replica that a host has more than another costs, which no number of moves in one cycle outweighs. */
    private static final long BALANCE = 1L << 32;

    private static final int NO_SHARD = -1;

    @FunctionalInterface
    interface Cost {
        int of(int shard, int host);
    }

    private final List<NodeId> ids;
    private final Zones zones;
    private final int[][] cost;
    private final boolean[][] hosted;
    private final int[][] inZone;
    private final int[] load;
    /** For each host and each other, the shard that it would best hand to the other, or {@link #NO_SHARD}. */
    private final int[][] best;

    /** Begins with what stays within the bounds, and gives what is missing to those that have least. */
    Assignment(List<NodeId> ids, int shards, Zones zones, Cost cost) {
        this.ids = ids;
        this.zones = zones;
        this.cost = new int[shards][ids.size()];
        this.hosted = new boolean[shards][ids.size()];
        this.inZone = new int[shards][zones.count()];
        this.load = new int[ids.size()];
        this.best = new int[ids.size()][ids.size()];
        for (int shard = 0; shard < shards; shard++) {
            int of = shard;
            Arrays.setAll(this.cost[shard], host -> cost.of(of, host));
        }
        take(STAYS);
        take(NEW);
    }

    private void take(int highestCost) {
        for (int shard = 0; shard < hosted.length; shard++) {
            int of = shard;
            Comparator<Integer> best = comparingLong((Integer host) -> cost[of][host])
                    .thenComparingLong(host -> load[host])
                    .thenComparingLong(host -> rank(of, host));
            IntPredicate free = host -> !hosted[of][host] && cost[of][host] <= highestCost && hasRoom(of, host);
            Optional<Integer> next;
            while ((next = IntStream.range(0, ids.size()).filter(free).boxed().min(best)).isPresent()) {
                put(shard, next.get());
            }
        }
    }

    private boolean hasRoom(int shard, int host) {
        int zone = zones.ofHost().get(host);
        int spare = zones.spare();
        for (int other = 0; other < zones.count(); other++) {
            spare -= Math.max(0, inZone[shard][other] - zones.least().get(other));
        }
        return inZone[shard][zone] < zones.least().get(zone)
                || (spare > 0 && inZone[shard][zone] < zones.most().get(zone));
    }

    private void put(int shard, int host) {
        hosted[shard][host] = true;
        inZone[shard][zones.ofHost().get(host)]++;
        load[host]++;
    }

    private void shift(int shard, int from, int to) {
        hosted[shard][from] = false;
        inZone[shard][zones.ofHost().get(from)]--;
        load[from]--;
        put(shard, to);
    }

    List<Integer> hosts(int shard) {
        return IntStream.range(0, ids.size())
                .filter(host -> hosted[shard][host])
                .boxed()
                .sorted(comparingLong(host -> rank(shard, host)))
                .toList();
    }

    /** Shifts replicas along cycles that lower the costs, the shortest first, until there is none. */
    void improve() {
        for (int[] row : best) {
            Arrays.fill(row, NO_SHARD);
        }
        for (int shard = 0; shard < hosted.length; shard++) {
            offer(shard);
        }
        List<Integer> cycle;
        do {
            cycle = NegativeCycle.shortest(weights());
            Set<Integer> shifted = new TreeSet<>();
            for (int i = 0; i + 1 < cycle.size(); i++) {
                int from = cycle.get(i);
                int to = cycle.get(i + 1);
                if (from < ids.size() && to < ids.size()) {
                    shift(best[from][to], from, to);
                    shifted.add(best[from][to]);
                }
            }
            choose(shifted);
        } while (!cycle.isEmpty());
    }

    /** Chooses the best shards again after some were shifted: of the others each is as good as it was. */
    private void choose(Set<Integer> shifted) {
        for (int from = 0; from < ids.size(); from++) {
            for (int to = 0; to < ids.size(); to++) {
                if (shifted.contains(best[from][to])) {
                    best[from][to] = NO_SHARD;
                    for (int shard = 0; shard < hosted.length; shard++) {
                        offer(shard, from, to);
                    }
                }
            }
        }
        shifted.forEach(this::offer);
    }

    private void offer(int shard) {
        for (int from = 0; from < ids.size(); from++) {
            for (int to = 0; hosted[shard][from] && to < ids.size(); to++) {
                offer(shard, from, to);
            }
        }
    }

    private void offer(int shard, int from, int to) {
        if (hosted[shard][from] && mayShift(shard, from, to) && isBetter(shard, best[from][to], from, to)) {
            best[from][to] = shard;
        }
    }

    private boolean mayShift(int shard, int from, int to) {
        int left = zones.ofHost().get(from);
        int entered = zones.ofHost().get(to);
        return !hosted[shard][to]
                && cost[shard][to] != EXCLUDED
                && (left == entered
                        || (inZone[shard][left] > zones.least().get(left)
                                && inZone[shard][entered] < zones.most().get(entered)));
    }

    private boolean isBetter(int shard, int than, int from, int to) {
        return than == NO_SHARD
                || cost(shard, from, to) < cost(than, from, to)
                || (cost(shard, from, to) == cost(than, from, to) && rank(shard, to) < rank(than, to));
    }

    private int cost(int shard, int from, int to) {
        return cost[shard][to] - cost[shard][from];
    }

    /** The cost of each shift. The last row and column are a pool, which takes a replica from one host for another. */
    private long[][] weights() {
        int pool = ids.size();
        long[][] weights = new long[pool + 1][pool + 1];
        for (int from = 0; from < pool; from++) {
            for (int to = 0; to < pool; to++) {
                int shard = best[from][to];
                weights[from][to] = shard == NO_SHARD ? NegativeCycle.NONE : cost(shard, from, to);
            }
            weights[pool][from] = (1 - 2L * load[from]) * BALANCE;
            weights[from][pool] = (1 + 2L * load[from]) * BALANCE;
        }
        weights[pool][pool] = NegativeCycle.NONE;
        return weights;
    }

    private long rank(int shard, int host) {
        long mixed = (shard + 1) * 0x9E3779B97F4A7C15L + ids.get(host).name().hashCode();
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
