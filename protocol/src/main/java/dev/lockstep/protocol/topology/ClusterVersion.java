package dev.lockstep.protocol.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The version of what the nodes of a cluster write to their disks and to each other. An operator raises it once each member can do the
 * next one; until then nothing is written that the version before has not, so that members can go back to it. Immutable. This is the one
 * place that says what a version has, and whoever writes asks it:
 *
 * <pre>
 * 1  members and their layout, caches, entries
 * 2  users and roles
 * 3  bounds of caches in bytes; nodes tell each other how full their memory is; members without a replica of the control group
 * </pre>
 */
public record ClusterVersion(int number) implements Comparable<ClusterVersion> {

    /** The version in which a cluster is formed. */
    public static final ClusterVersion NEWEST = new ClusterVersion(3);

    public boolean hasUsers() {
        return number >= 2;
    }

    public boolean hasMemory() {
        return number >= 3;
    }

    /** Tells whether members copy what the control group has decided, so that it needs no replica on each. */
    public boolean hasControlCopies() {
        return number >= 3;
    }

    @Override
    public int compareTo(ClusterVersion other) {
        return Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
        return Integer.toString(number);
    }

    /** The versions that a node can do. */
    public record Range(ClusterVersion oldest, ClusterVersion newest) {

        /** The versions that this one of Lockstep can do. */
        public static final Range OWN = new Range(new ClusterVersion(1), NEWEST);

        public boolean includes(ClusterVersion version) {
            return version.compareTo(oldest) >= 0 && version.compareTo(newest) <= 0;
        }

        /** Says why a node that can do these is none for a cluster, and what to do. */
        public String refusal(NodeId node, ClusterVersion ofCluster) {
            return "The cluster has version " + ofCluster + ", and node " + node + " can do " + this
                    + (newest.compareTo(ofCluster) < 0
                            ? ": start it with the version of Lockstep that the other nodes run"
                            : ": start it with a version of Lockstep that can do both, finish the upgrade to that with"
                                    + " lockstep cluster finalize, and go on from there");
        }

        @Override
        public String toString() {
            return oldest.equals(newest) ? "version " + oldest : "versions " + oldest + " to " + newest;
        }
    }

    /**
     * Names the members that keep a cluster from having this version, each with the reason.
     *
     * @param able the versions that each member can do; empty if it does not answer
     */
    public List<String> obstacles(Map<NodeId, Optional<Range>> able) {
        List<String> obstacles = new ArrayList<>();
        able.forEach((node, range) -> {
            if (range.isEmpty()) {
                obstacles.add("node " + node + " does not answer");
            } else if (!range.get().includes(this)) {
                obstacles.add("node " + node + " can do " + range.get());
            }
        });
        return obstacles;
    }
}
