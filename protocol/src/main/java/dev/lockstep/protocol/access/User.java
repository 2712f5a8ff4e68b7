package dev.lockstep.protocol.access;

import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Someone who may connect to the cluster. Immutable.
 *
 * @param name the common name in its certificate, or what it logs in with; see {@link Role#NAME}
 * @param roles the names of its roles, whose rights add up
 * @param verifier what its password is verified by, see {@link dev.lockstep.protocol.scram.ScramVerifier#text}; null if it can only
 *     connect with a certificate
 */
public record User(
        String name, SortedSet<String> roles, @Nullable String verifier) {

    public static final int MAX_ROLES = 100;

    /** @throws IllegalArgumentException when it could not be a user, saying why */
    public User {
        if (!Role.NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no name of a user: it has 1 to 128 letters and digits,"
                            + " and after the first also spaces and . _ @ = , + -");
        }
        if (roles.isEmpty() || roles.size() > MAX_ROLES) {
            throw new IllegalArgumentException("User " + name + " needs 1 to " + MAX_ROLES + " roles");
        }
        roles = Collections.unmodifiableSortedSet(new TreeSet<>(roles));
    }

    /** A user who connects with a certificate. */
    public static User certified(String name, Set<String> roles) {
        return new User(name, new TreeSet<>(roles), null);
    }

    /** The same with what another password is verified by; null for none. */
    public User with(@Nullable String other) {
        return new User(name, roles, other);
    }

    /** Does not show the verifier. */
    @Override
    public String toString() {
        return "User[name=" + name + ", roles=" + roles + ", password=" + (verifier == null ? "none" : "***") + "]";
    }
}
