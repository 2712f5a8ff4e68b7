package dev.lockstep.cli;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.topology.NodeId;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Certificates of a cluster. */
@Command(
        name = "tls",
        mixinStandardHelpOptions = true,
        description = "Makes certificates for a cluster.",
        subcommands = TlsCommand.Init.class)
final class TlsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        command.commandLine().usage(command.commandLine().getErr());
        return 2;
    }

    /** Makes an authority, and certificates signed by it. */
    @Command(
            name = "init",
            mixinStandardHelpOptions = true,
            description = {
                "Makes an authority in a folder, and certificates signed by it, each in a folder with its name: tls.crt, tls.key and",
                "ca.crt, to be copied to where the node or client runs. An authority that is there already signs further ones; for a",
                "name that has a certificate it makes a new one, which nodes and clients take up while they run.",
                "Anyone who has ca.key can make certificates that the cluster accepts: keep it away from the nodes."
            })
    static final class Init implements Callable<Integer> {

        @Parameters(paramLabel = "<folder>", description = "The folder of the authority.")
        private Path folder = Path.of("");

        @Option(
                names = "--node",
                paramLabel = "<id>=<host>[,<host>…]",
                description = "A node, and the host names or addresses at which others reach it. Can be given again.")
        private @Nullable List<String> nodes;

        @Option(
                names = "--client",
                paramLabel = "<name>",
                description = "An application or an operator. Can be given again.")
        private @Nullable List<String> clients;

        @Option(
                names = "--valid",
                paramLabel = "<duration>",
                defaultValue = "365d",
                description =
                        "How long the certificates are valid; 365d by default. The authority is valid for ten years.")
        private String valid = "";

        @Spec
        private CommandSpec command;

        @Override
        public Integer call() {
            PrintWriter out = command.commandLine().getOut();
            try {
                Map<String, List<String>> hosts = hosts();
                Duration validFor = validFor();
                Instant now = Instant.ofEpochMilli(Time.system().millis());
                boolean exists = CertificateAuthority.existsIn(folder);
                CertificateAuthority authority = exists
                        ? CertificateAuthority.open(folder)
                        : CertificateAuthority.create(folder, "Lockstep authority", now);
                if (!exists) {
                    out.println("Made an authority in " + folder + ": " + CertificateAuthority.CERTIFICATE + ", "
                            + CertificateAuthority.KEY);
                }
                for (Map.Entry<String, List<String>> one : hosts.entrySet()) {
                    authority.issue(folder.resolve(one.getKey()), one.getKey(), one.getValue(), now, validFor);
                    out.println("Made " + folder.resolve(one.getKey()) + ": tls.crt, tls.key, ca.crt"
                            + (one.getValue().isEmpty()
                                    ? " for a client"
                                    : " for a node at " + String.join(", ", one.getValue())));
                }
                return 0;
            } catch (RefusedException refused) {
                command.commandLine().getErr().println(refused.getMessage());
                return 2;
            } catch (IOException failure) {
                command.commandLine().getErr().println("tls init failed: " + failure.getMessage());
                return 1;
            }
        }

        /** The hosts of each node; none of a client. */
        private Map<String, List<String>> hosts() {
            Map<String, List<String>> hosts = new LinkedHashMap<>();
            for (String node : given(nodes)) {
                String[] parts = node.split("=", 2);
                List<String> names = parts.length == 2 ? List.of(parts[1].split(",")) : List.of();
                if (names.isEmpty() || !names.stream().allMatch(name -> name.matches("[\\w.*:-]+"))) {
                    throw new RefusedException(
                            "\"" + node + "\" is no node and its hosts such as n1=10.0.0.1,n1.shop.svc");
                }
                hosts.put(name(parts[0]), names);
            }
            for (String client : given(clients)) {
                if (hosts.put(name(client), List.of()) != null) {
                    throw new RefusedException("\"" + client + "\" is given twice");
                }
            }
            if (hosts.isEmpty()) {
                throw new RefusedException("Say for whom certificates are to be made, with --node and --client");
            }
            return hosts;
        }

        private static List<String> given(@Nullable List<String> values) {
            return values == null ? List.of() : values;
        }

        /** A name that can be that of a folder and in a certificate. */
        private static String name(String name) {
            try {
                return new NodeId(name).name();
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException(String.valueOf(wrong.getMessage()));
            }
        }

        private Duration validFor() {
            try {
                return Durations.parse(valid);
            } catch (IllegalArgumentException wrong) {
                throw new RefusedException("--valid: " + wrong.getMessage());
            }
        }
    }
}
