package dev.lockstep.protocol.topology;

import java.util.regex.Pattern;

/** The name of a node, unique in its cluster: 1 to 64 letters, digits, {@code -}, {@code _} or {@code .}. */
public record NodeId(String name) implements Comparable<NodeId> {

    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    public NodeId {
        if (!VALID.matcher(name).matches()) {
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
