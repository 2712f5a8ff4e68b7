package dev.lockstep.cli;

import dev.lockstep.cli.ClusterOptions.Report;
import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Request.Inspect.Aspect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Collects in one file what those need to know who are asked for help with a cluster. */
@Command(
        name = "support-bundle",
        mixinStandardHelpOptions = true,
        description = {
            "Collects in one file what those need to know who are asked for help with a cluster: its state, the findings of doctor, and the",
            "meters, threads, JVM, settings and last log lines of each node. It has neither keys nor values of entries in it, no passwords,",
            "and no users; it has addresses, and the names of caches."
        })
final class SupportBundleCommand implements Callable<Integer> {

    private static final String README = """
            What a Lockstep cluster said of itself.

            cluster/        the output of lockstep status, node list, shard status, cluster status, cache list and doctor
            nodes/<id>/     of each node: meters (Prometheus' text format), threads, JVM, settings, and the last 256 KiB of
                            its log

            A part that could not be had has the reason in its place. There are no keys or values of entries in it, except
            for keys that a node itself has written to its log, no passwords, and no users.
            """;

    @Mixin
    private ClusterOptions options = new ClusterOptions();

    @Option(
            names = "--file",
            paramLabel = "<file>",
            description = "Where to write it; lockstep-<cluster>-<time>.zip in the current folder unless given.")
    private @Nullable Path file;

    @Override
    public Integer call() {
        return options.run(this::collect);
    }

    private Report collect(Session session) throws IOException {
        Path path = file == null ? NewFile.named("lockstep-" + options.cluster() + "-", ".zip") : file;
        int failed;
        try (NewFile into = NewFile.create(path);
                Parts parts = new Parts(new ZipOutputStream(into, StandardCharsets.UTF_8))) {
            parts.add("README.txt", () -> README);
            ofCluster(session, parts);
            Map<Member, Reply> meters = ClusterOptions.join(session.meters());
            for (Member member : session.view().members()) {
                ofNode(session, member, meters.get(member), parts);
            }
            parts.zip().finish();
            into.keep();
            failed = parts.failed();
        }
        return new Report(
                "All is in " + path
                        + (failed == 0 ? "" : "; " + failed + " parts could not be had, for the reasons in it"),
                Json.object("file", path.toString(), "failedParts", failed));
    }

    private void ofCluster(Session session, Parts parts) throws IOException {
        options.progress("Asking the cluster");
        parts.addReport("status", () -> StatusCommand.report(session, options));
        parts.addReport("nodes", () -> NodeOperations.ListNodes.list(session));
        parts.addReport("shards", () -> ShardCommand.report(session));
        parts.addReport("versions", () -> ClusterCommand.Versions.report(session));
        parts.addReport("caches", () -> CacheCommand.ListCaches.list(session));
        parts.addReport("doctor", () -> DoctorCommand.examine(session, options, false));
    }

    private void ofNode(Session session, Member member, @Nullable Reply meters, Parts parts) throws IOException {
        options.progress("Asking node " + member.id());
        String folder = "nodes/" + member.id().name() + "/";
        parts.add(folder + "meters.txt", () -> text(meters));
        for (Aspect aspect : Aspect.values()) {
            parts.add(
                    folder + aspect.name().toLowerCase(Locale.ROOT) + ".txt",
                    () -> ((Reply.Text) ClusterOptions.answer(member, session.ask(member, new Request.Inspect(aspect))))
                            .text());
        }
    }

    private static String text(@Nullable Reply answer) {
        return answer instanceof Reply.Text meters
                ? meters.text()
                : answer instanceof Reply.Refused refused ? refused.message() : "no answer";
    }

    /** The parts of a bundle, of which some may fail. Not thread-safe. */
    private static final class Parts implements AutoCloseable {

        private final ZipOutputStream zip;
        private int failed;

        Parts(ZipOutputStream zip) {
            this.zip = zip;
        }

        ZipOutputStream zip() {
            return zip;
        }

        int failed() {
            return failed;
        }

        void addReport(String name, Supplier<Report> report) throws IOException {
            add("cluster/" + name + ".txt", () -> report.get().text());
        }

        void add(String name, Supplier<String> part) throws IOException {
            String text;
            try {
                text = part.get();
            } catch (RequestFailedException | RefusedException failure) {
                failed++;
                text = "It could not be had: " + failure.getMessage();
            }
            zip.putNextEntry(new ZipEntry(name));
            zip.write(text.getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        }

        @Override
        public void close() throws IOException {
            zip.close();
        }
    }
}
