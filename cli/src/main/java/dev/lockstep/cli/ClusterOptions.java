package dev.lockstep.cli;

import dev.lockstep.protocol.link.Links;
import dev.lockstep.protocol.link.RequestFailedException;
import dev.lockstep.protocol.netty.NettyLinks;
import dev.lockstep.protocol.netty.Tls;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Futures;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.session.SessionFactory;
import dev.lockstep.protocol.settings.Settings.ClientRouting;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.topology.ClusterView;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Status;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a command that name its cluster and the form of its answer. */
final class ClusterOptions {

    private static final String PASSWORD = "LOCKSTEP_PASSWORD";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Option(
            names = "--servers",
            split = ",",
            required = true,
            paramLabel = "<host:port>",
            description = "Nodes of the cluster, of which one has to answer.")
    private List<String> servers = List.of();

    @Option(names = "--cluster", paramLabel = "<name>", description = "The cluster's name; lockstep by default.")
    private String cluster = "lockstep";

    @Option(
            names = "--tls",
            paramLabel = "<folder>",
            description = {
                "The folder with the certificate to show, its key, and the authority's certificate: tls.crt, tls.key, ca.crt.",
                "For a cluster whose nodes have \"tls\" in their configuration."
            })
    private @Nullable Path tls;

    @Option(
            names = "--user",
            paramLabel = "<name>",
            description = {
                "The user to log in as, if the folder of --tls has no certificate of its own. The password is taken from the",
                "environment variable LOCKSTEP_PASSWORD, or asked for."
            })
    private @Nullable String user;

    @Option(
            names = "--routing",
            paramLabel = "<routing>",
            defaultValue = "direct",
            description = {
                "direct to connect to each node at its own address, the default; gateway if only those of --servers can be reached: they pass",
                "requests on."
            })
    private String routing = "direct";

    @Option(names = "--json", description = "Print the result as JSON, and progress on standard error.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** Null until the command runs. */
    private @Nullable EventLoop loop;

    /** The work done with a session. */
    interface Work {
        Report with(Session session) throws IOException;
    }

    /**
     * The result of a command.
     *
     * @param text human-readable
     * @param json the same for programs
     * @param exitCode of the program
     */
    record Report(String text, String json, int exitCode) {

        Report(String text, String json) {
            this(text, json, 0);
        }
    }

    String cluster() {
        return cluster;
    }

    /** Tells whether the nodes are reached without encryption, which they allow beyond loopback only if their settings say so. */
    boolean isInsecure(ClusterView view) {
        return tls == null && !view.members().stream().map(Member::host).allMatch(Member::isLoopback);
    }

    boolean json() {
        return json;
    }

    /** Tells how far it is. */
    void progress(String line) {
        (json ? command.commandLine().getErr() : command.commandLine().getOut()).println(line);
    }

    /** Lets some time pass before it looks again. */
    void pause(Duration time) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        Objects.requireNonNull(loop, "the command runs").schedule(time.toNanos(), () -> over.complete(null));
        over.join();
    }

    /** Waits for what comes of it, as long as the session does. */
    static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException failure) {
            throw Futures.cause(failure) instanceof RequestFailedException refused ? refused : failure;
        }
    }

    /**
     * Waits for the answer of one node.
     *
     * @param asked null if the node does not answer
     * @throws RequestFailedException if there is none, or it is a refusal
     */
    static Reply answer(Member member, CompletableFuture<@Nullable Reply> asked) {
        Reply reply = join(asked);
        if (reply == null) {
            throw new RequestFailedException(Status.UNREACHABLE, "Node " + member + " does not answer");
        }
        if (reply instanceof Reply.Refused refused) {
            throw new RequestFailedException(refused.status(), "Node " + member + ": " + refused.message());
        }
        return reply;
    }

    private @Nullable Tls encryption() throws IOException {
        if (tls == null) {
            return null;
        }
        TlsSettings settings = TlsSettings.in(tls);
        return Tls.of(user == null ? settings : settings.forLogIn(), Time.system());
    }

    /** The password is read before anything waits for it. */
    private @Nullable ScramCredentials credentials() throws IOException {
        if (user == null) {
            return null;
        }
        if (tls == null) {
            throw new RefusedException(
                    "--user: a user logs in over an encrypted connection alone. Say --tls, with a folder that has the nodes' ca.crt");
        }
        char[] password = password();
        try {
            return new ScramCredentials(user, password::clone);
        } catch (ScramException invalid) {
            throw new RefusedException("--user: " + invalid.getMessage());
        }
    }

    private static char[] password() throws IOException {
        String given = System.getenv(PASSWORD);
        if (given != null) {
            return given.toCharArray();
        }
        Console console = System.console();
        char[] typed = console == null ? null : console.readPassword("Password: ");
        if (typed == null) {
            throw new IOException("There is no password: set the environment variable " + PASSWORD);
        }
        return typed;
    }

    /** @return the exit code */
    int run(Work work) {
        PrintWriter err = command.commandLine().getErr();
        EventLoop own = EventLoop.threaded("lockstep-cli");
        loop = own;
        try (Links links =
                new NettyLinks(cluster, () -> null, Duration.ofSeconds(2), 1_000, encryption(), credentials())) {
            for (String server : servers) {
                if (!server.matches(".+:\\d{1,5}")) {
                    throw new RefusedException("\"" + server + "\" is no address such as 127.0.0.1:7400");
                }
            }
            SessionFactory sessions = new SessionFactory(links, TIMEOUT, Time.system(), own, Entropy.system());
            ClientRouting chosen =
                    CacheProperties.oneOf(ClientRouting.DIRECT, ClientRouting.GATEWAY, "--routing", routing);
            try (Session session =
                    chosen == ClientRouting.GATEWAY ? sessions.throughGateway(servers) : sessions.client(servers)) {
                Report report = work.with(session);
                command.commandLine().getOut().println(json ? report.json() : report.text());
                return report.exitCode();
            }
        } catch (RefusedException refused) {
            err.println(refused.getMessage());
            return 2;
        } catch (IOException | RequestFailedException failure) {
            err.println(command.name() + " failed: " + failure.getMessage());
            return 1;
        } catch (NotDoneException pending) {
            err.println(pending.getMessage());
            return 3;
        } finally {
            own.close();
        }
    }
}
