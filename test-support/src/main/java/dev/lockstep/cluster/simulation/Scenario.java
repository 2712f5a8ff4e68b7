package dev.lockstep.cluster.simulation;

import java.util.SplittableRandom;

/**
 * The parameters of a run: how large the cluster is, what its clients do, and what goes wrong. Immutable.
 *
 * @param shards besides the control group
 * @param clients remote ones; one more is embedded in the first node
 * @param operations of each client
 * @param keys of each of three caches: one whose entries last, one whose entries expire, and one that has room for two
 * @param lifetimeMillis of an entry that expires
 * @param skewMillis by which any node's wall clock may be wrong, either way
 * @param wildClocks whether monotonic clocks drift, and one wall clock at a time jumps by hours or days, drifts, or
 *     stops
 * @param faults how many things happen to processes and to the network
 * @param maxInFlight requests that a connection, and commands that a shard's log, may have waiting
 * @param drains whether an operator drains nodes
 * @param spares nodes that an operator adds, and then others that he removes, while he moves replicas; 0 if there is no such operator
 * @param gateway whether the first client connects to one node at a time, which passes its requests on
 */
record Scenario(
        int nodes,
        int shards,
        int clients,
        int operations,
        int keys,
        long lifetimeMillis,
        long skewMillis,
        boolean wildClocks,
        int faults,
        int maxInFlight,
        SimulatedNetwork.Weather weather,
        SimulatedRaft.Hardships hardships,
        boolean drains,
        int spares,
        boolean gateway) {

    /** A scenario as the seed has it: most are mixed, some leave out one hardship or another. */
    static Scenario of(long seed) {
        SplittableRandom random = new SplittableRandom(seed ^ 0x5DEECE66DL);
        int nodes = nodes(random.nextInt(8));
        boolean stormy = random.nextInt(3) == 0;
        return new Scenario(
                nodes,
                1 + random.nextInt(2),
                2 + random.nextInt(3),
                12 + random.nextInt(24),
                1 + random.nextInt(3),
                100 + random.nextInt(400),
                random.nextBoolean() ? 0 : random.nextInt(1_500),
                random.nextInt(3) == 0,
                random.nextInt(12),
                random.nextInt(4) == 0 ? 2 : 10_000,
                new SimulatedNetwork.Weather(stormy ? 0.05 : 0.005, stormy ? 0.2 : 0.02),
                new SimulatedRaft.Hardships(
                        random.nextBoolean() ? 0 : 0.02,
                        random.nextBoolean() ? 0 : 0.05,
                        random.nextBoolean() ? 0 : 0.05,
                        random.nextBoolean(),
                        random.nextBoolean() ? 0 : 0.05,
                        checkpoints(random)),
                random.nextInt(4) == 0,
                random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0,
                random.nextInt(4) == 0);
    }

    /** Mostly as few as shards have replicas; else as many as the control group has at most, one less, or one more. */
    private static int nodes(int drawn) {
        return drawn == 0 ? 5 : drawn == 1 ? 4 : drawn == 2 ? 6 : 3;
    }

    private static SimulatedRaft.Checkpoints checkpoints(SplittableRandom random) {
        if (random.nextInt(6) == 0) {
            return SimulatedRaft.Checkpoints.NONE;
        }
        return new SimulatedRaft.Checkpoints(
                random.nextInt(5, 61),
                random.nextBoolean() ? 0 : random.nextInt(20),
                random.nextBoolean() ? 0 : 0.1,
                random.nextBoolean() ? 0 : 0.01);
    }

    /** The same with fewer clients, operations and faults, to find what is enough. */
    Scenario with(int fewerClients, int fewerOperations, int fewerFaults) {
        return new Scenario(
                nodes,
                shards,
                fewerClients,
                fewerOperations,
                keys,
                lifetimeMillis,
                skewMillis,
                wildClocks,
                fewerFaults,
                maxInFlight,
                weather,
                hardships,
                drains,
                spares,
                gateway);
    }
}
