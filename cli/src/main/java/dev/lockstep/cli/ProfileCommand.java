package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Records what the JVM of a node does, and fetches the recording. */
@Command(
        name = "profile",
        mixinStandardHelpOptions = true,
        description = {
            "Records what the JVM of a node does, by JDK Flight Recorder, and fetches the recording, which JDK Mission Control and \"jfr\"",
            "read. It has no environment variables and no command lines in it."
        })
final class ProfileCommand implements Callable<Integer> {

    private static final Duration PAUSE = Duration.ofMillis(500);
    /** The time that a node may need besides, to write the recording. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Parameters(paramLabel = "<node>", description = "The id of the node.")
    private String node = "";

    @Option(
            names = "--duration",
            paramLabel = "<duration>",
            defaultValue = "30s",
            description = "How long to record, from 1s to 10m; 30s unless given.")
    private String duration = "30s";

    @Option(
            names = "--file",
            paramLabel = "<file>",
            description = "Where to write the recording; <node>-<time>.jfr in the current folder unless given.")
    private @Nullable Path file;

    @Override
    public Integer call() {
        return options.run(this::profile);
    }

    private Report profile(Session session) throws IOException {
        Duration length = length();
        Member member = NodeOperations.member(session, node);
        try (NewFile into = NewFile.create(file == null ? NewFile.named(node + "-", ".jfr") : file)) {
            ClusterOptions.answer(member, session.ask(member, new Request.StartRecording(length.toMillis())));
            options.progress("Node " + member.id() + " records for " + duration);
            options.pause(length);
            long bytes = fetch(session, member, into);
            into.keep();
            return new Report(
                    "The recording of node " + member.id() + " is in " + into.path() + ", " + bytes + " bytes",
                    Json.object("node", node, "file", into.path().toString(), "bytes", bytes));
        }
    }

    private Duration length() {
        try {
            Duration length = Durations.parse(duration);
            if (length.toMillis() < 1000 || length.toMillis() > Request.StartRecording.MAX_MILLIS) {
                throw new RefusedException("--duration " + duration + ": a recording takes from 1s to 10m");
            }
            return length;
        } catch (IllegalArgumentException wrong) {
            throw new RefusedException("--duration: " + wrong.getMessage());
        }
    }

    private long fetch(Session session, Member member, NewFile into) throws IOException {
        Time time = Time.system();
        long until = time.nanos() + PATIENCE.toNanos();
        long offset = 0;
        while (true) {
            try {
                Reply.RecordingPiece next = (Reply.RecordingPiece)
                        ClusterOptions.answer(member, session.ask(member, new Request.ReadRecording(offset)));
                if (next.piece().size() == 0) {
                    return offset;
                }
                into.write(next.piece().array());
                offset += next.piece().size();
                until = time.nanos() + PATIENCE.toNanos();
            } catch (RequestFailedException refused) {
                if (refused.status() != Status.BUSY || time.nanos() - until > 0) {
                    throw refused;
                }
                options.pause(PAUSE); // it is being written
            }
        }
    }
}
