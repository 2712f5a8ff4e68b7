package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.access.Role;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The roles of a cluster's users. */
@Command(
        name = "role",
        mixinStandardHelpOptions = true,
        description = "Prints the roles of a cluster, sets and removes them.",
        subcommands = {RoleCommand.ListRoles.class, RoleCommand.Put.class, RoleCommand.Remove.class})
final class RoleCommand {

    private RoleCommand() {}

    /** Prints all roles. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Prints the roles of the cluster and their rights.")
    static final class ListRoles implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(session -> {
                AccessRules rules = ClusterOptions.join(session.access());
                List<Role> roles = Stream.concat(Stream.of(Role.ADMINISTRATOR), rules.roles().values().stream())
                        .toList();
                return new Report(
                        roles.stream().map(RoleCommand::text).collect(Collectors.joining(System.lineSeparator())),
                        roles.stream().map(RoleCommand::json).collect(Collectors.joining(",", "[", "]")));
            });
        }
    }

    /** Adds a role, or replaces it. */
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = {
                "Adds a role, or replaces the one with that name; its users have the new rights at once.",
                "Rights on caches: read, write, create, destroy. Rights on the cluster: monitor, operate, administer."
            })
    static final class Put implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<role>", description = "The name of the role.")
        private String name = "";

        @Option(
                names = "--caches",
                paramLabel = "<pattern>=<right>[,<right>…]",
                description =
                        "Rights on the caches whose names match; * stands for any characters. Can be given again.")
        private @Nullable List<String> caches;

        @Option(names = "--on-cluster", split = ",", paramLabel = "<right>", description = "Rights on the cluster.")
        private @Nullable List<String> onCluster;

        @Override
        public Integer call() {
            return options.run(session -> {
                Role role = role();
                change(session, new AccessChange.PutRole(role));
                return new Report(text(role), json(role));
            });
        }

        private Role role() {
            Map<String, Set<Right>> onCaches = new HashMap<>();
            for (String one : caches == null ? List.<String>of() : caches) {
                int equals = one.lastIndexOf('=');
                if (equals < 1) {
                    throw new RefusedException(
                            "--caches \"" + one + "\" is no pattern and its rights, such as orders*=read,write");
                }
                onCaches.computeIfAbsent(one.substring(0, equals), none -> EnumSet.noneOf(Right.class))
                        .addAll(rights(List.of(one.substring(equals + 1).split(",", -1))));
            }
            try {
                return new Role(name, rights(onCluster == null ? List.of() : onCluster), onCaches);
            } catch (IllegalArgumentException invalid) {
                throw new RefusedException(
                        invalid.getMessage() + ". Say them with --caches orders*=read,write and --on-cluster monitor");
            }
        }

        private static Set<Right> rights(List<String> words) {
            Set<Right> rights = EnumSet.noneOf(Right.class);
            for (String word : words) {
                rights.add(Arrays.stream(Right.values())
                        .filter(right -> right.word().equals(word))
                        .findFirst()
                        .orElseThrow(() -> new RefusedException("There is no right \"" + word + "\"; there are "
                                + Role.words(EnumSet.allOf(Right.class)))));
            }
            return rights;
        }
    }

    /** Removes a role. */
    @Command(name = "remove", mixinStandardHelpOptions = true, description = "Removes a role that no user has.")
    static final class Remove implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<role>", description = "The name of the role.")
        private String name = "";

        @Override
        public Integer call() {
            return options.run(session -> {
                if (!ClusterOptions.join(session.access()).roles().containsKey(name)) {
                    throw new RefusedException("There is no role " + name + " that could be removed");
                }
                change(session, new AccessChange.RemoveRole(name));
                return new Report("Role " + name + " is removed", Json.object("role", name, "removed", true));
            });
        }
    }

    /** Has a change decided, unless another one comes in between. */
    static AccessRules change(Session session, AccessChange change) {
        int revision = ClusterOptions.join(session.access()).revision();
        return ClusterOptions.join(session.changeAccess(new Request.ChangeAccess(revision, change)));
    }

    private static String text(Role role) {
        List<String> parts = new ArrayList<>();
        if (!role.onCluster().isEmpty()) {
            parts.add("the cluster: " + Role.words(role.onCluster()));
        }
        role.onCaches().forEach((pattern, rights) -> parts.add(pattern + ": " + Role.words(rights)));
        return "role " + role.name() + " may on " + String.join("; on ", parts);
    }

    private static String json(Role role) {
        return Json.object(
                "role",
                role.name(),
                "cluster",
                role.onCluster().stream().map(Right::word).toList(),
                "caches",
                role.onCaches().entrySet().stream()
                        .map(one -> one.getKey() + "=" + Role.words(one.getValue()))
                        .toList());
    }
}
