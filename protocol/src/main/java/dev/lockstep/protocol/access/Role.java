package dev.lockstep.protocol.access;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Rights under a name. Immutable.
 *
 * @param name see {@link #NAME}
 * @param onCluster the rights on the cluster
 * @param onCaches the rights on caches by the pattern of their names; all that match a name add up
 */
public record Role(String name, Set<Right> onCluster, Map<String, Set<Right>> onCaches) {

    /** The names that roles and users may have. */
    public static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._@=,+-]{0,127}");

    public static final int MAX_PATTERNS = 100;
    public static final int MAX_PATTERN = 200;

    /** A pattern that all names match. */
    public static final String ALL = "*";

    /** The role that every cluster has, with all rights. */
    public static final Role ADMINISTRATOR =
            new Role("administrator", Right.onCaches(false), Map.of(ALL, Right.onCaches(true)));

    /** @throws IllegalArgumentException when it could not be a role, saying why */
    public Role {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no name of a role: it has 1 to 128 letters and digits,"
                            + " and after the first also spaces and . _ @ = , + -");
        }
        if (onCaches.size() > MAX_PATTERNS || onCaches.keySet().stream().anyMatch(Role::isNoPattern)) {
            throw new IllegalArgumentException("Role " + name + " has more than " + MAX_PATTERNS
                    + " patterns of caches, or one that has not 1 to " + MAX_PATTERN + " characters");
        }
        if (onCluster.stream().anyMatch(Right::isOnCaches)
                || onCaches.values().stream().flatMap(Set::stream).anyMatch(right -> !right.isOnCaches())) {
            throw new IllegalArgumentException("Role " + name + ": " + words(Right.onCaches(true))
                    + " are granted on caches, " + words(Right.onCaches(false)) + " on the cluster");
        }
        if (onCluster.isEmpty() && onCaches.values().stream().allMatch(Set::isEmpty)) {
            throw new IllegalArgumentException("Role " + name + " names no right");
        }
        onCluster = Collections.unmodifiableSet(copy(onCluster));
        Map<String, Set<Right>> caches = new TreeMap<>();
        onCaches.forEach((pattern, rights) -> caches.put(pattern, Collections.unmodifiableSet(copy(rights))));
        onCaches = Collections.unmodifiableMap(caches);
    }

    private static boolean isNoPattern(String pattern) {
        return pattern.isEmpty() || pattern.length() > MAX_PATTERN;
    }

    private static Set<Right> copy(Set<Right> rights) {
        Set<Right> copy = EnumSet.noneOf(Right.class);
        copy.addAll(rights);
        return copy;
    }

    /** Formats rights as commands take them. */
    public static String words(Set<Right> rights) {
        return rights.stream().map(Right::word).collect(Collectors.joining(","));
    }
}
