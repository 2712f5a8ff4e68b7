package dev.lockstep.cluster.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The search for a cycle of negative weight with as few edges as possible. Only such a one can be walked at once by
 * replicas: where two of its shifts were of the same shard and in each other's way, they could be combined to two
 * shorter cycles, one of them negative.
 */
final class NegativeCycle {

    /** The weight of an edge that there is not. */
    static final long NONE = Long.MAX_VALUE;

    private NegativeCycle() {}

    /** Finds the nodes of the cycle, of which the first is also the last; empty if there is none. */
    static List<Integer> shortest(long[][] weights) {
        int nodes = weights.length;
        long[][] lightest = new long[nodes][nodes];
        for (int from = 0; from < nodes; from++) {
            for (int to = 0; to < nodes; to++) {
                lightest[from][to] = from == to ? 0 : NONE;
            }
        }
        List<int[][]> before = new ArrayList<>();
        while (true) {
            long[][] longer = copy(lightest);
            int[][] via = new int[nodes][nodes];
            if (!extend(lightest, weights, longer, via)) {
                return List.of();
            }
            before.add(via);
            lightest = longer;
            int start = 0;
            for (int node = 1; node < nodes; node++) {
                start = lightest[node][node] < lightest[start][start] ? node : start;
            }
            if (lightest[start][start] < 0) {
                return walked(before, start);
            }
        }
    }

    /** Adds one edge to the lightest walks, and tells whether that made one of them lighter. */
    private static boolean extend(long[][] lightest, long[][] weights, long[][] longer, int[][] via) {
        boolean lighter = false;
        for (int from = 0; from < weights.length; from++) {
            for (int last = 0; last < weights.length; last++) {
                if (lightest[from][last] == NONE) {
                    continue;
                }
                for (int to = 0; to < weights.length; to++) {
                    if (weights[last][to] != NONE && lightest[from][last] + weights[last][to] < longer[from][to]) {
                        longer[from][to] = lightest[from][last] + weights[last][to];
                        via[from][to] = last + 1;
                        lighter = true;
                    }
                }
            }
        }
        return lighter;
    }

    private static List<Integer> walked(List<int[][]> before, int start) {
        Deque<Integer> walk = new ArrayDeque<>(List.of(start));
        for (int step = before.size() - 1; step >= 0; step--) {
            int via = before.get(step)[start][walk.getFirst()];
            if (via > 0) {
                walk.addFirst(via - 1);
            }
        }
        return List.copyOf(walk);
    }

    private static long[][] copy(long[][] matrix) {
        long[][] copy = new long[matrix.length][];
        for (int row = 0; row < matrix.length; row++) {
            copy[row] = matrix[row].clone();
        }
        return copy;
    }
}
