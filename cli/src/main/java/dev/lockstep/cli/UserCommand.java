package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.access.AccessChange;
import dev.lockstep.protocol.access.AccessRules;
import dev.lockstep.protocol.access.User;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Secret;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
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
                "Adds a user, or gives the one with that name other roles or another password. A user connects with a certificate that",
                "has its name as the common name, or logs in with its password. The first user has to have the role administrator,",
                "which every cluster has; from then on only users are let in, each with the rights of its roles.",
                "The password does not leave this command: the cluster gets what it can be verified by (SCRAM)."
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

        @ArgGroup
        private @Nullable Password password;

        /** The options that change the password. */
        static final class Password {

            @Option(
                    names = "--password",
                    interactive = true,
                    arity = "0",
                    description = "Ask for a password for the user, which is not shown while it is typed.")
            private char @Nullable [] typed;

            @Option(
                    names = "--password-file",
                    paramLabel = "<file>",
                    description = "Take the password of the user from a file, without the end of its line.")
            private @Nullable Path file;

            @Option(
                    names = "--no-password",
                    description = "Take the password away: the user connects only with a certificate.")
            private boolean none;

            private char[] read() throws IOException {
                return typed != null
                        ? typed
                        : new Secret("file:" + file, Path.of("").toAbsolutePath()).read();
            }
        }

        @Override
        public Integer call() {
            return options.run(this::put);
        }

        private Report put(Session session) throws IOException {
            boolean keeps = password == null;
            User user = user();
            AccessRules rules = RoleCommand.change(session, new AccessChange.PutUser(user, keeps));
            User now = Objects.requireNonNull(rules.users().get(name));
            return new Report(text(now), json(now));
        }

        private User user() throws IOException {
            try {
                return new User(
                        ScramVerifier.user(name),
                        new TreeSet<>(roles),
                        password == null || password.none ? null : verifier(password.read()));
            } catch (IllegalArgumentException | ScramException invalid) {
                throw new RefusedException(String.valueOf(invalid.getMessage()));
            }
        }

        private static String verifier(char[] password) {
            try {
                return ScramVerifier.of(
                                ScramVerifier.DEFAULT_MECHANISM,
                                password,
                                ScramVerifier.newSalt(Entropy.system()),
                                ScramVerifier.DEFAULT_ITERATIONS)
                        .text();
            } finally {
                Arrays.fill(password, ' ');
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
        return Json.object("user", user.name(), "roles", List.copyOf(user.roles()), "password", hasPassword(user));
    }
}
