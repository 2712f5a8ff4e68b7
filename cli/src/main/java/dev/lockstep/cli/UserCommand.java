package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.session.Session;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The users of a cluster. */
@Command(
        name = "user",
        mixinStandardHelpOptions = true,
        description = "Prints the users of a cluster, sets and removes them.",
        subcommands = {UserCommand.ListUsers.class, UserCommand.Put.class, UserCommand.Remove.class})
final class UserCommand {

    private UserCommand() {}

    /** Prints all users. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Prints the users of the cluster, their roles, and whether they have a password.")
    static final class ListUsers implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Override
        public Integer call() {
            return options.run(session -> {
                AccessRules rules = ClusterOptions.join(session.access());
                return new Report(
                        rules.isOpen()
                                ? "There are no users: whoever has a certificate may do everything"
                                : rules.users().values().stream()
                                        .map(UserCommand::text)
                                        .collect(Collectors.joining(System.lineSeparator())),
                        rules.users().values().stream()
                                .map(UserCommand::json)
                                .collect(Collectors.joining(",", "[", "]")));
            });
        }
    }

    /** Adds a user, or changes it. */
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = {
                "Adds a user, or gives the one with that name other roles. A user connects with a certificate that has its name as",
                "the common name. The first user has to have the role administrator, which every cluster has; from then on only users",
                "are let in, each with the rights of its roles."
            })
    static final class Put implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<user>", description = "The name of the user.")
        private String name = "";

        @Option(
                names = "--roles",
                split = ",",
                required = true,
                paramLabel = "<role>",
                description = "All roles that the user is to have.")
        private List<String> roles = List.of();

        @Override
        public Integer call() {
            return options.run(this::put);
        }

        private Report put(Session session) {
            User user = user();
            RoleCommand.change(session, new AccessChange.PutUser(user, true));
            return new Report(text(user), json(user));
        }

        private User user() {
            try {
                return new User(name, new TreeSet<>(roles), null);
            } catch (IllegalArgumentException invalid) {
                throw new RefusedException(String.valueOf(invalid.getMessage()));
            }
        }
    }

    /** Removes a user. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes a user: it may do nothing any more from then on, also on connections that it has.")
    static final class Remove implements Callable<Integer> {

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Parameters(paramLabel = "<user>", description = "The name of the user.")
        private String name = "";

        @Override
        public Integer call() {
            return options.run(session -> {
                if (!ClusterOptions.join(session.access()).users().containsKey(name)) {
                    throw new RefusedException("There is no user " + name);
                }
                RoleCommand.change(session, new AccessChange.RemoveUser(name));
                return new Report("User " + name + " is removed", Json.object("user", name, "removed", true));
            });
        }
    }

    private static String text(User user) {
        return "user " + user.name() + " has the roles " + String.join(", ", user.roles())
                + (hasPassword(user) ? " and a password" : "");
    }

    private static boolean hasPassword(User user) {
        return user.verifier() != null;
    }

    private static String json(User user) {
        return Json.object(
                "user", user.name(), "roles", List.copyOf(user.roles()), "password", hasPassword(user));
    }
}
