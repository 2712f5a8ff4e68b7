package dev.lockstep.protocol.topology;

/** The name of a node, unique in its cluster: 1 to 64 letters, digits, {@code -}, {@code _} or {@code .}. */
public record NodeId(String name) implements Comparable<NodeId> {

    public NodeId {
        if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no node id: 1 to 64 letters, digits, '-', '_' or '.'");
        }
    }

    @Override
    public int compareTo(NodeId other) {
        return name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return name;
    }
}
