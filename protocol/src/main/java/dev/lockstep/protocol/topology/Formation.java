package dev.lockstep.protocol.topology;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The facts about a cluster in a node's settings, in the order in which they are reported. Nodes compare theirs.
 * Immutable.
 */
public record Formation(List<Fact> facts) {

    /** The formation of a node that reports none. */
    public static final Formation UNTOLD = new Formation(List.of());

    public Formation {
        facts = List.copyOf(facts);
    }

    /**
     * @param key of the setting
     * @param place where it is set, as file and line; empty when it is not set
     * @param fixed whether nodes for which it differs can't be of one cluster
     */
    public record Fact(String key, String value, String place, boolean fixed) {

        private String from(String node) {
            return value + " on " + node + " (" + (place.isEmpty() ? "by default" : place) + ")";
        }
    }

    /** The same with another fact. */
    public Formation with(Fact fact) {
        return new Formation(Stream.concat(facts.stream(), Stream.of(fact)).toList());
    }

    /** The same without some facts. */
    public Formation without(Set<String> keys) {
        return new Formation(
                facts.stream().filter(fact -> !keys.contains(fact.key())).toList());
    }

    /**
     * Names what differs from another node's: key, both values, and where they are set. Facts that only one of them
     * reports do not count.
     *
     * @param fixed whether to compare what is fixed when a cluster is formed, or the rest
     * @return empty when nothing does
     */
    public String differences(String here, Formation other, String there, boolean fixed) {
        return facts.stream()
                .filter(fact -> fact.fixed() == fixed)
                .flatMap(own -> other.facts().stream()
                        .filter(fact ->
                                fact.key().equals(own.key()) && !fact.value().equals(own.value()))
                        .flatMap(fact -> Stream.of(own.key() + ": " + own.from(here) + ", " + fact.from(there))))
                .collect(Collectors.joining("; "));
    }
}
