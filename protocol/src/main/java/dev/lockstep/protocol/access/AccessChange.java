package dev.lockstep.protocol.access;

/** A change of who may do what. Immutable. */
public sealed interface AccessChange {

    /**
     * Adds a user, or replaces the one with that name.
     *
     * @param keepPassword whether one that is there keeps its password, instead of {@link User#password}
     */
    record PutUser(User user, boolean keepPassword) implements AccessChange {}

    /** Removes a user; its connections are refused everything from then on. */
    record RemoveUser(String name) implements AccessChange {}

    /** Adds a role, or replaces the one with that name. */
    record PutRole(Role role) implements AccessChange {}

    /** Removes a role that no user has. */
    record RemoveRole(String name) implements AccessChange {}
}
