package dev.lockstep.system.elastic;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * The order in which a cluster is changed: it grows to three nodes, and then again and again to five, has its nodes killed and restarted,
 * and shrinks to three. Not thread-safe.
 */
final class ElasticPlan {

    /** The operator's act. */
    enum Act {
        /** A replica of a shard is moved. */
        MOVE,
        /** A node is removed. */
        REMOVAL
    }

    /** The node that is killed in the middle of an act. */
    enum Victim {
        /** The leader of the control group. */
        COORDINATOR,
        /** The leader of a shard that is being moved. */
        SHARD_LEADER,
        /** A node to which a shard is being moved. */
        TARGET
    }

    /** One change, after which the cluster has to be whole. */
    sealed interface Phase {}

    /** Nodes are added until there are so many. */
    record Grow(int nodes) implements Phase {
        @Override
        public String toString() {
            return "grow to " + nodes;
        }
    }

    /** Nodes are removed until there are so many. */
    record Shrink(int nodes) implements Phase {
        @Override
        public String toString() {
            return "shrink to " + nodes;
        }
    }

    /** A node is killed for good, and removed, and another is added. */
    record Replace() implements Phase {
        @Override
        public String toString() {
            return "replace a killed node";
        }
    }

    /** All nodes are restarted, one by one. */
    record RollingRestart() implements Phase {
        @Override
        public String toString() {
            return "rolling restart";
        }
    }

    /** All nodes, which an earlier version has begun with, are restarted as the present one, one by one, and the upgrade is finished. */
    record RollingUpgrade() implements Phase {
        @Override
        public String toString() {
            return "rolling upgrade";
        }
    }

    /** A node is killed in the middle of an act, and restarted. */
    record Interrupt(Victim victim, Act act) implements Phase {
        @Override
        public String toString() {
            String word =
                    victim == Victim.COORDINATOR ? "coordinator" : victim == Victim.TARGET ? "target" : "shard leader";
            return "kill the " + word + " in a " + (act == Act.MOVE ? "move" : "removal");
        }
    }

    private static final int FEW = 3;
    private static final int MANY = 5;

    private final Random random;
    private final Deque<Phase> phases = new ArrayDeque<>();

    /**
     * The first round is the short form, and the same for every seed. Its nodes are of an earlier version until its end, and fewer are
     * restarted in it than later.
     */
    ElasticPlan(long seed) {
        random = new Random(seed);
        phases.addAll(List.of(
                new Grow(FEW),
                new Grow(MANY),
                new Replace(),
                new Interrupt(Victim.COORDINATOR, Act.REMOVAL),
                new Shrink(FEW),
                new RollingUpgrade()));
    }

    /** The number of phases of the first round that are still to come. */
    int left() {
        return phases.size();
    }

    Phase next() {
        if (phases.isEmpty()) {
            draw();
        }
        return phases.remove();
    }

    /** Every victim once. The last is killed in a removal: the four nodes that are left have equally many replicas, and none to move. */
    private void draw() {
        List<Victim> victims = new ArrayList<>(Arrays.asList(Victim.values()));
        Collections.shuffle(victims, random);
        Victim last = victims.remove(0);
        List<Phase> middle = new ArrayList<>(List.of(new Replace(), new RollingRestart()));
        victims.forEach(victim -> middle.add(new Interrupt(victim, Act.MOVE)));
        Collections.shuffle(middle, random);
        phases.add(new Grow(MANY));
        phases.addAll(middle);
        phases.add(new Interrupt(last, Act.REMOVAL));
        phases.add(new Shrink(FEW));
    }
}
