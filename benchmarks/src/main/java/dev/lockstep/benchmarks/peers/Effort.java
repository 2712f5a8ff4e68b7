package dev.lockstep.benchmarks.peers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * The effort of a run.
 *
 * @param cycles in each of which every product has its turn, in the reverse order of the last one
 * @param warmUpSeconds at most, in each turn
 * @param millis of each measurement
 * @param mixes whether YCSB's workloads are measured as well
 * @param contestants products that are compared
 * @param topologies those that are compared unless others are asked for
 */
record Effort(
        int cycles,
        int warmUpSeconds,
        int millis,
        boolean mixes,
        List<Contestant> contestants,
        List<Topology> topologies) {

    /** The rate of an open load: one that all products sustain on two cores. */
    private static final int OPEN_RATE = 1_000;

    private static final int OPEN_CALLERS = 16;
    private static final List<Operation> SIMPLE =
            List.of(Operation.PUT, Operation.GET, Operation.INVOKE, Operation.PUT_ALL, Operation.GET_ALL);
    private static final List<Operation> MIXES =
            List.of(Operation.YCSB_A, Operation.YCSB_B, Operation.YCSB_C, Operation.YCSB_D, Operation.YCSB_F);

    Effort {
        contestants = List.copyOf(contestants);
        topologies = List.copyOf(topologies);
    }

    static Effort full() {
        return new Effort(3, 120, 3_000, true, List.of(Contestant.values()), List.of(Topology.values()));
    }

    /** Takes less than ten minutes for client and servers. */
    static Effort quick() {
        return new Effort(
                2,
                80,
                2_000,
                false,
                List.of(Contestant.LOCKSTEP, Contestant.HAZELCAST, Contestant.CAFFEINE),
                List.of(Topology.CLIENT_SERVER));
    }

    /** The loads that warm a product up, again and again: each simple operation, by one caller and by many. */
    List<Load> warmUp() {
        return SIMPLE.stream()
                .flatMap(operation -> Stream.of(1, 64).map(callers -> Load.closed(operation, callers)))
                .toList();
    }

    List<Load> loads() {
        List<Load> loads = new ArrayList<>();
        SIMPLE.forEach(operation -> loads.addAll(closed(operation)));
        if (mixes) {
            for (Operation operation : MIXES) {
                loads.addAll(closed(operation));
                loads.add(new Load(operation, OPEN_CALLERS, OPEN_RATE));
            }
        }
        return loads;
    }

    private static List<Load> closed(Operation operation) {
        return Stream.of(1, 16, 64)
                .map(callers -> Load.closed(operation, callers))
                .toList();
    }

    /** The products that are compared in a topology, in the order of a cycle, counted from 1. */
    List<Contestant> turns(Topology topology, int cycle) {
        List<Contestant> turns = new ArrayList<>(
                contestants.stream().filter(each -> each.plays(topology)).toList());
        if (cycle % 2 == 0) {
            Collections.reverse(turns);
        }
        return turns;
    }
}
