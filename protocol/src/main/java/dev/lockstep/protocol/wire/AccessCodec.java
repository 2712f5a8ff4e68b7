package dev.lockstep.protocol.wire;

import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.access.User;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The bytes of users, roles and changes of them. Stateless. */
public final class AccessCodec {

    private static final Right[] RIGHTS = Right.values();

    private AccessCodec() {}

    public static void rules(WireWriter out, AccessRules rules) {
        out.varint(rules.revision());
        out.list(rules.users().values(), AccessCodec::user);
        out.list(rules.roles().values(), AccessCodec::role);
    }

    public static AccessRules rules(WireReader in) {
        int revision = in.size();
        TreeMap<String, User> users = new TreeMap<>();
        in.list(AccessCodec::user).forEach(user -> users.put(user.name(), user));
        TreeMap<String, Role> roles = new TreeMap<>();
        in.list(AccessCodec::role).forEach(role -> roles.put(role.name(), role));
        return new AccessRules(revision, users, roles);
    }

    static void change(WireWriter out, AccessChange change) {
        if (change instanceof AccessChange.PutUser put) {
            out.u8(1);
            user(out, put.user());
            out.bool(put.keepPassword());
        } else if (change instanceof AccessChange.RemoveUser remove) {
            out.u8(2).string(remove.name());
        } else if (change instanceof AccessChange.PutRole put) {
            out.u8(3);
            role(out, put.role());
        } else if (change instanceof AccessChange.RemoveRole remove) {
            out.u8(4).string(remove.name());
        }
    }

    static AccessChange change(WireReader in) {
        int kind = in.u8();
        return switch (kind) {
            case 1 -> new AccessChange.PutUser(user(in), in.bool());
            case 2 -> new AccessChange.RemoveUser(in.string());
            case 3 -> new AccessChange.PutRole(role(in));
            case 4 -> new AccessChange.RemoveRole(in.string());
            default -> throw new MalformedFrameException("There is no change of access " + kind);
        };
    }

    private static void user(WireWriter out, User user) {
        out.string(user.name()).list(user.roles(), WireWriter::string).optional(user.verifier(), WireWriter::string);
    }

    private static User user(WireReader in) {
        String name = in.string();
        List<String> roles = in.list(WireReader::string);
        String verifier = in.optional(WireReader::string);
        return valid(() -> new User(name, new TreeSet<>(roles), verifier));
    }

    private static void role(WireWriter out, Role role) {
        out.string(role.name());
        rights(out, role.onCluster());
        out.list(role.onCaches().entrySet(), (o, one) -> rights(o.string(one.getKey()), one.getValue()));
    }

    private static Role role(WireReader in) {
        String name = in.string();
        Set<Right> onCluster = rights(in);
        Map<String, Set<Right>> onCaches = new HashMap<>();
        in.list(i -> Map.entry(i.string(), rights(i))).forEach(one -> onCaches.put(one.getKey(), one.getValue()));
        return valid(() -> new Role(name, onCluster, onCaches));
    }

    private static void rights(WireWriter out, Set<Right> rights) {
        out.list(rights, (o, right) -> o.u8(right.ordinal()));
    }

    private static Set<Right> rights(WireReader in) {
        Set<Right> rights = EnumSet.noneOf(Right.class);
        rights.addAll(in.list(i -> i.constant(RIGHTS)));
        return rights;
    }

    private static <T> T valid(Supplier<T> value) {
        try {
            return value.get();
        } catch (IllegalArgumentException invalid) {
            throw new MalformedFrameException(String.valueOf(invalid.getMessage()));
        }
    }
}
