package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Spelling;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request.SetLogLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The log levels of nodes. */
@Command(
        name = "log",
        mixinStandardHelpOptions = true,
        description = "Changes what nodes log.",
        subcommands = LogCommand.SetLevel.class)
final class LogCommand {

    private LogCommand() {}

    /** Has nodes log more or less. */
    @Command(
            name = "level",
            mixinStandardHelpOptions = true,
            description = {
                "Has the nodes of a cluster, or one of them, log more or less of a logger and of those below it, until they are started",
                "again. Only nodes that run as processes of their own can do that."
            })
    static final class SetLevel implements Callable<Integer> {

        private static final String AT_START = "default";

        @Mixin
        private ClusterOptions options = new ClusterOptions();

        @Option(names = "--node", paramLabel = "<node>", description = "The id of the node; all unless given.")
        private @Nullable String node;

        @Parameters(
                paramLabel = "<logger>",
                description = "Its name, such as dev.lockstep.cluster or org.apache.ratis; root for the one above all.")
        private String logger = "";

        @Parameters(
                paramLabel = "<level>",
                description =
                        "trace, debug, info, warn, error or off; default for the one it had when the node started.")
        private String level = "";

        @Override
        public Integer call() {
            return options.run(this::set);
        }

        private Report set(Session session) {
            SetLogLevel request = new SetLogLevel(logger, level());
            List<Member> members =
                    node == null ? session.view().members() : List.of(NodeOperations.member(session, node));
            Map<Member, CompletableFuture<@Nullable Reply>> asked = new LinkedHashMap<>();
            members.forEach(member -> asked.put(member, session.ask(member, request)));
            List<String> lines = new ArrayList<>();
            List<Json.Nested> nodes = new ArrayList<>();
            List<String> failures = new ArrayList<>();
            asked.forEach((member, answer) -> {
                try {
                    String before = ((Reply.Text) ClusterOptions.answer(member, answer)).text();
                    lines.add("Node " + member.id() + ": the level of " + logger + " is " + level + ", and was "
                            + before);
                    nodes.add(new Json.Nested(Json.object("node", member.id().name(), "before", before)));
                } catch (RequestFailedException failure) {
                    failures.add(String.valueOf(failure.getMessage()));
                }
            });
            lines.addAll(failures);
            return new Report(
                    String.join(System.lineSeparator(), lines),
                    Json.object("logger", logger, "level", level, "nodes", nodes, "failures", failures),
                    failures.isEmpty() ? 0 : 1);
        }

        private SetLogLevel.@Nullable Level level() {
            if (level.equals(AT_START)) {
                return null;
            }
            List<String> words = new ArrayList<>(Arrays.stream(SetLogLevel.Level.values())
                    .map(one -> one.name().toLowerCase(Locale.ROOT))
                    .toList());
            int known = words.indexOf(level);
            if (known < 0) {
                words.add(AT_START);
                throw new RefusedException("There is no level \"" + level + "\"; did you mean "
                        + Spelling.nearest(level, words) + "? There are " + String.join(", ", words));
            }
            return SetLogLevel.Level.values()[known];
        }
    }
}
