package dev.lockstep.cli;

import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.ReplicaStatus.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The plan that lets a shard continue that has lost its majority: which replicas take part again, in which term, and
 * which of them may be elected before it has caught up. Pure.
 */
record ShardRecovery(String shard, long term, List<Order> orders) {

    private static final Set<State> WAITS = Set.of(State.NEW, State.LOST, State.TRUNCATED);

    /** A replica of the shard. */
    record Replica(Member member, ReplicaStatus status) {

        private State state() {
            return status.state();
        }
    }

    /** @param electable whether it may be elected at once: only where no replica has more */
    record Order(Member member, boolean electable) {}

    /**
     * @param replicas those that answer
     * @param hosts how many there should be
     * @throws RefusedException when there is nothing to recover, or not enough to recover from
     */
    static ShardRecovery plan(String shard, List<Replica> replicas, int hosts) {
        for (Replica replica : replicas) {
            if (replica.status().leads()) {
                throw new RefusedException("Shard " + shard + " needs no recovery: "
                        + replica.member().id() + " leads it");
            }
        }
        if (2 * replicas.size() <= hosts) {
            throw new RefusedException("Of the " + hosts + " replicas of shard " + shard + " only " + replicas.size()
                    + " answer, which is no majority. Start more of its nodes first, with empty folders if need be");
        }
        List<Replica> waiting = replicas.stream()
                .filter(replica -> WAITS.contains(replica.state()) || replica.state() == State.CATCHING_UP)
                .toList();
        if (waiting.isEmpty()) {
            throw new RefusedException("No replica of shard " + shard
                    + " has lost anything; if it has no leader, too few of its nodes reach each other");
        }
        long term = replicas.stream()
                        .mapToLong(replica -> replica.status().term())
                        .max()
                        .orElse(0)
                + 1;
        return new ShardRecovery(shard, term, orders(replicas, waiting));
    }

    /**
     * One that knows everything needs no order, and is elected by those that may only vote. Otherwise those stand that have a log, if there
     * are any: by Raft's rule the one with most of it is elected. If all logs are gone, the newest checkpoint is what is left.
     */
    private static List<Order> orders(List<Replica> replicas, List<Replica> waiting) {
        boolean whole = replicas.stream().anyMatch(replica -> replica.state() == State.INTACT);
        boolean logs = waiting.stream().anyMatch(replica -> hasLog(replica.state()));
        Replica newest = waiting.stream()
                .max(Comparator.comparingLong(replica -> replica.status().position()))
                .orElseThrow();
        List<Order> orders = new ArrayList<>();
        for (Replica replica : waiting) {
            boolean electable = !whole && (logs ? hasLog(replica.state()) : replica.equals(newest));
            if (!whole || WAITS.contains(replica.state())) {
                orders.add(new Order(replica.member(), electable));
            }
        }
        return orders;
    }

    private static boolean hasLog(State state) {
        return state == State.TRUNCATED || state == State.CATCHING_UP;
    }

    @Override
    public String toString() {
        return "Shard " + shard + " can go on in term " + term + ", if these take part again: "
                + orders.stream()
                        .map(order ->
                                order.member().id() + (order.electable() ? " (with what it has)" : " (with nothing)"))
                        .collect(Collectors.joining(", "))
                + ". What only they had acknowledged is lost";
    }
}
