package dev.lockstep.cluster.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import dev.lockstep.cluster.admin.AdminPage.Answer;
import dev.lockstep.protocol.runtime.Threads;
import dev.lockstep.protocol.settings.Settings.AdminAddress;
import dev.lockstep.protocol.tls.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers pages over HTTP, or HTTPS with the credentials of the node. It has few threads and few connections, and gives each request and
 * answer ten seconds. Thread-safe.
 */
public final class AdminServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);

    static final int MAX_CONNECTIONS = 64;
    /** The pages that take the right to monitor may be large: of these, so many at once. */
    static final int MAX_LARGE = 2;

    private static final int THREADS = 4;
    private static final String SECONDS = "10";

    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int FAILED = 500;
    private static final int BUSY = 503;
    private static final int NO_BODY = -1;

    private final Map<String, AdminPage> pages;
    private final @Nullable Encryption encryption;
    private final Semaphore large = new Semaphore(MAX_LARGE);
    private final ExecutorService threads;
    private final HttpServer server;

    /**
     * The encryption of the connections.
     *
     * @param credentials asked with each new connection
     * @param tls12 whether TLS 1.2 is spoken besides 1.3
     * @param guard decides who may see pages that are not open
     */
    public record Encryption(Supplier<Credentials> credentials, boolean tls12, AdminGuard guard) {}

    /**
     * Starts to listen.
     *
     * @param pages by their paths
     * @param encryption null for none, which leaves all pages to everyone
     * @throws IOException when the address can't be bound, naming it
     */
    public AdminServer(AdminAddress address, Map<String, AdminPage> pages, @Nullable Encryption encryption)
            throws IOException {
        this.pages = Map.copyOf(pages);
        this.encryption = encryption;
        this.threads = Threads.pool("lockstep-admin", THREADS, MAX_CONNECTIONS);
        limit();
        try {
            // On a thread of its own: those that the server starts keep nothing of the application's then.
            this.server = Threads.apart("lockstep-admin-start", () -> started(address, encryption));
        } catch (UncheckedIOException | IllegalArgumentException failure) {
            threads.shutdownNow();
            throw new IOException("\"node.admin\" can't listen on " + address + ": " + failure.getMessage(), failure);
        }
    }

    /** Returns the port at which it listens. */
    public int port() {
        return server.getAddress().getPort();
    }

    private HttpServer started(AdminAddress address, @Nullable Encryption encryption) {
        try {
            HttpServer made = bind(new InetSocketAddress(address.host(), address.port()), encryption);
            made.setExecutor(threads);
            made.createContext("/", this::handle);
            made.start();
            return made;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure.getMessage(), failure);
        }
    }

    private static HttpServer bind(InetSocketAddress at, @Nullable Encryption encryption) throws IOException {
        if (encryption == null) {
            return HttpServer.create(at, 0);
        }
        HttpsServer encrypted = HttpsServer.create(at, 0);
        encrypted.setHttpsConfigurator(new AdminTls(encryption));
        return encrypted;
    }

    /** The JDK's server knows its limits by properties of the JVM alone, and has none without them. */
    private static void limit() {
        setDefault("sun.net.httpserver.maxReqTime", SECONDS);
        setDefault("sun.net.httpserver.maxRspTime", SECONDS);
        setDefault("jdk.httpserver.maxConnections", Integer.toString(MAX_CONNECTIONS));
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private void handle(HttpExchange exchange) {
        try (exchange) {
            boolean head = exchange.getRequestMethod().equals("HEAD");
            Answer answer;
            if (!head && !exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                answer = Answer.refused(NOT_ALLOWED, "Only GET and HEAD are answered here");
            } else {
                answer = answer(exchange);
            }
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            exchange.sendResponseHeaders(answer.status(), head ? NO_BODY : answer.body().length);
            if (!head) {
                try (OutputStream body = exchange.getResponseBody()) {
                    body.write(answer.body());
                }
            }
        } catch (IOException gone) {
            LOG.debug("{} was not answered", exchange.getRemoteAddress(), gone);
        }
    }

    private Answer answer(HttpExchange exchange) {
        AdminPage page = pages.get(exchange.getRequestURI().getPath());
        if (page == null) {
            return Answer.refused(
                    NOT_FOUND,
                    "There is no such page. There are "
                            + String.join(", ", pages.keySet().stream().sorted().toList()));
        }
        boolean monitors = true;
        Encryption secured = encryption;
        if (secured != null) {
            AdminGuard.Verdict verdict = secured.guard().judge(exchange);
            Answer refusal = verdict.refusal();
            if (refusal != null && !page.isOpen()) {
                secured.guard().refused(exchange, verdict);
                return refusal;
            }
            monitors = refusal == null;
        }
        if (page.isOpen()) {
            return content(page, exchange, monitors);
        }
        if (!large.tryAcquire()) {
            exchange.getResponseHeaders().set("Retry-After", "1");
            return Answer.refused(BUSY, "Such pages are asked for " + MAX_LARGE + " times already; try again");
        }
        try {
            return content(page, exchange, monitors);
        } finally {
            large.release();
        }
    }

    private static Answer content(AdminPage page, HttpExchange exchange, boolean monitors) {
        try {
            String accept =
                    Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Accept"), "");
            return page.content().apply(accept, monitors);
        } catch (RuntimeException failure) {
            LOG.warn("The page {} failed", exchange.getRequestURI().getPath(), failure);
            return Answer.refused(FAILED, "The node failed at this page; its log says why");
        }
    }

    /** Ends what is being answered, and listens no more. Idempotent. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
