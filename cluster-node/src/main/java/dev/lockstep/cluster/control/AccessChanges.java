package dev.lockstep.cluster.control;

import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramVerifier;
import java.util.List;
import java.util.TreeMap;

/** Decides which rules of access come after others. Pure. */
final class AccessChanges {

    private AccessChanges() {}

    /**
     * The rules that a change asks for.
     *
     * @return the same if it is so already
     * @throws RefusedChange if it can't be so, saying why and what to do
     */
    static AccessRules changed(AccessRules now, AccessChange change) throws RefusedChange {
        TreeMap<String, User> users = new TreeMap<>(now.users());
        TreeMap<String, Role> roles = new TreeMap<>(now.roles());
        if (change instanceof AccessChange.PutUser put) {
            requireVerifier(put.user());
            User before = users.get(put.user().name());
            users.put(
                    put.user().name(),
                    put.keepPassword() && before != null ? put.user().with(before.verifier()) : put.user());
        } else if (change instanceof AccessChange.RemoveUser remove) {
            users.remove(remove.name());
        } else if (change instanceof AccessChange.PutRole put) {
            roles.put(put.role().name(), put.role());
        } else if (change instanceof AccessChange.RemoveRole remove) {
            roles.remove(remove.name());
        }
        AccessRules next = new AccessRules(now.revision() + 1, users, roles);
        if (next.users().equals(now.users()) && next.roles().equals(now.roles())) {
            return now;
        }
        require(next);
        return next;
    }

    /** It was derived where the password is known, and must be such that a log-in can be verified by it. */
    private static void requireVerifier(User user) throws RefusedChange {
        if (user.verifier() == null) {
            return;
        }
        try {
            ScramVerifier.parse(user.verifier());
        } catch (ScramException invalid) {
            throw new RefusedChange("User " + user.name() + " can't have that password: " + invalid.getMessage());
        }
    }

    private static void require(AccessRules next) throws RefusedChange {
        if (next.roles().containsKey(Role.ADMINISTRATOR.name())) {
            throw new RefusedChange("The role " + Role.ADMINISTRATOR.name() + " has all rights, and can't be changed");
        }
        if (next.users().size() > AccessRules.MAX_USERS || next.roles().size() > AccessRules.MAX_ROLES) {
            throw new RefusedChange("A cluster has at most " + AccessRules.MAX_USERS + " users and "
                    + AccessRules.MAX_ROLES + " roles");
        }
        for (User user : next.users().values()) {
            List<String> missing = user.roles().stream()
                    .filter(role -> next.role(role) == null)
                    .toList();
            if (!missing.isEmpty()) {
                throw new RefusedChange("User " + user.name() + " would have roles that do not exist: " + missing
                        + ". Set them first (lockstep role set), or take them from the user (lockstep user set)");
            }
        }
        if (!next.isOpen() && next.users().values().stream().noneMatch(next::isAdministrator)) {
            throw new RefusedChange(
                    "No user would have the right to administer, so nobody could change users and roles any more."
                            + " Give another one the role " + Role.ADMINISTRATOR.name() + " first");
        }
    }
}
