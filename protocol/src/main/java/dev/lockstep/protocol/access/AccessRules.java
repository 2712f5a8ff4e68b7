package dev.lockstep.protocol.access;

import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The users and roles of a cluster. As long as there are no users everyone who has a certificate may do everything. Immutable.
 *
 * @param revision rises with every change
 * @param users by name
 * @param roles by name, but for {@link Role#ADMINISTRATOR}
 */
public record AccessRules(int revision, SortedMap<String, User> users, SortedMap<String, Role> roles) {

    public static final int MAX_USERS = 10_000;
    public static final int MAX_ROLES = 1_000;

    /** Stands for a verifier that is not told. */
    public static final String HAS_PASSWORD = "***";

    /** A cluster that has never had a user. */
    public static final AccessRules OPEN =
            new AccessRules(0, Collections.emptySortedMap(), Collections.emptySortedMap());

    /** Copies what it is given. */
    public AccessRules {
        users = Collections.unmodifiableSortedMap(new TreeMap<>(users));
        roles = Collections.unmodifiableSortedMap(new TreeMap<>(roles));
    }

    /** The same without what passwords are verified by. */
    public AccessRules withoutVerifiers() {
        SortedMap<String, User> bare = new TreeMap<>();
        users.forEach((name, user) -> bare.put(name, user.with(user.verifier() == null ? null : HAS_PASSWORD)));
        return new AccessRules(revision, bare, roles);
    }

    /** Tells whether everyone may do everything, since there are no users. */
    public boolean isOpen() {
        return users.isEmpty();
    }

    /** Returns the role of that name; null if there is none. */
    public @Nullable Role role(String name) {
        return name.equals(Role.ADMINISTRATOR.name()) ? Role.ADMINISTRATOR : roles.get(name);
    }

    /** Tells whether a user may change users and roles. */
    public boolean isAdministrator(User user) {
        return user.roles().stream()
                .map(this::role)
                .anyMatch(role -> role != null && role.onCluster().contains(Right.ADMINISTER));
    }

    /** Returns what a user may do; null if there is no such user. */
    public @Nullable Grants grants(String name) {
        User user = users.get(name);
        if (user == null) {
            return null;
        }
        Set<Right> onCluster = EnumSet.noneOf(Right.class);
        Map<Right, Set<String>> onCaches = new EnumMap<>(Right.class);
        for (String one : user.roles()) {
            Role role = role(one);
            if (role != null) {
                onCluster.addAll(role.onCluster());
                role.onCaches()
                        .forEach((pattern, rights) ->
                                rights.forEach(right -> onCaches.computeIfAbsent(right, none -> new TreeSet<>())
                                        .add(pattern)));
            }
        }
        return new Grants(onCluster, onCaches);
    }

    /**
     * The rights of all roles of a user together.
     *
     * @param onCaches the patterns of the names of the caches on which it has each right
     */
    public record Grants(Set<Right> onCluster, Map<Right, Set<String>> onCaches) {

        /** Tells whether it has a right on the cache of this name. */
        public boolean on(String cache, Right right) {
            return patterns(right).stream().anyMatch(pattern -> NamePattern.matches(pattern, cache));
        }

        /** Tells whether it has a right on every cache, whatever its name. */
        public boolean onAll(Right right) {
            return patterns(right).contains(Role.ALL);
        }

        private Set<String> patterns(Right right) {
            return onCaches.getOrDefault(right, Set.of());
        }
    }
}
