package dev.lockstep.cluster.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsExchange;
import dev.lockstep.cluster.admin.AdminPage.Answer;
import dev.lockstep.protocol.link.FailedLogIns;
import dev.lockstep.protocol.link.Logins;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.PlainPasswords;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.tls.CertificateNames;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may see the pages that are not open to everyone: nodes and users by the certificates that they show, and users by their
 * passwords, which HTTP's Basic scheme (RFC 7617) sends inside TLS. Thread-safe.
 */
public final class AdminGuard {

    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int TOO_MANY = 429;
    private static final int BUSY = 503;

    private static final String BASIC = "basic ";
    private static final int MAX_HEADER = 4_096;
    private static final String NEEDED =
            "This page takes a certificate or the password of a user with the right to monitor, or a certificate of a node";

    private final Access access;
    private final PlainPasswords passwords;
    private final FailedLogIns failures;
    /** One password is verified at once, which keeps a core busy: strangers must not have more of them. */
    private final Semaphore verifying = new Semaphore(1);

    /** The users of the cluster and their rights. */
    public interface Access {

        /** Tells whether a certificate is that of a node, or of a user with the right to monitor. */
        boolean mayMonitor(X509Certificate certificate);

        /** Tells whether a user has the right to monitor. */
        boolean mayMonitor(String user);

        /** Returns the passwords of users; null until the node has joined its cluster. */
        @Nullable
        Logins logins();

        /**
         * Hears of a page that was refused, on the thread that serves it.
         *
         * @param user null if nothing is known of him
         * @param from his address
         */
        void refused(@Nullable String user, String from, String page);
    }

    /**
     * The decision on one request.
     *
     * @param user who asks; null if nothing is known of him
     * @param refusal the answer where the right to monitor is needed; null if he has it
     * @param headers that go with a refusal
     */
    record Verdict(@Nullable String user, @Nullable Answer refusal, Map<String, String> headers) {

        static Verdict allowed(String user) {
            return new Verdict(user, null, Map.of());
        }

        static Verdict forbidden(String user) {
            return new Verdict(user, Answer.refused(FORBIDDEN, NEEDED), Map.of());
        }

        static Verdict unauthorized(String why) {
            return new Verdict(
                    null,
                    Answer.refused(UNAUTHORIZED, why),
                    Map.of("WWW-Authenticate", "Basic realm=\"Lockstep\", charset=\"UTF-8\""));
        }

        static Verdict later(int status, long seconds, String why) {
            return new Verdict(null, Answer.refused(status, why), Map.of("Retry-After", Long.toString(seconds)));
        }
    }

    public AdminGuard(Access access, Time time, Entropy entropy) {
        this.access = access;
        this.passwords = new PlainPasswords(entropy);
        this.failures = new FailedLogIns(time);
    }

    /** Decides on a request. */
    Verdict judge(HttpExchange exchange) {
        X509Certificate certificate = certificate(exchange);
        if (certificate != null && access.mayMonitor(certificate)) {
            return Verdict.allowed(CertificateNames.user(certificate));
        }
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header != null) {
            return logIn(exchange, header);
        }
        return certificate == null
                ? Verdict.unauthorized(NEEDED)
                : Verdict.forbidden(CertificateNames.user(certificate));
    }

    /** Reports a page that was refused, and gives its answer the headers that go with that. */
    void refused(HttpExchange exchange, Verdict verdict) {
        verdict.headers().forEach(exchange.getResponseHeaders()::set);
        access.refused(verdict.user(), from(exchange), exchange.getRequestURI().getPath());
    }

    private Verdict logIn(HttpExchange exchange, String header) {
        Logins logins = access.logins();
        if (logins == null || !logins.areKnown()) {
            return Verdict.later(BUSY, 1, "This node does not know the users yet");
        }
        String text = decoded(header);
        int colon = text.indexOf(':');
        if (colon < 0) {
            return Verdict.unauthorized("The header Authorization must have a user and a password, as Basic has it");
        }
        String user = prepared(text.substring(0, colon));
        String address = exchange.getRemoteAddress().getAddress().getHostAddress();
        long seconds = failures.secondsToWait(address, user);
        if (seconds > 0) {
            return Verdict.later(
                    TOO_MANY, seconds, "Too many log-ins have failed: try again in " + seconds + " seconds");
        }
        ScramVerifier verifier = user.isEmpty() ? null : logins.verifier(user);
        char[] password = text.substring(colon + 1).toCharArray();
        if (!passwords.isRemembered(user, verifier, password)) {
            if (!verifying.tryAcquire()) {
                return Verdict.later(BUSY, 1, "Another password is being verified; try again");
            }
            try {
                if (!passwords.verify(user, verifier, password)) {
                    failures.failed(address, user);
                    logins.turnedAway(user, from(exchange), "the user or the password is wrong");
                    return Verdict.unauthorized("The user or the password is wrong");
                }
            } finally {
                verifying.release();
            }
            failures.succeeded(address, user);
        }
        return access.mayMonitor(user) ? Verdict.allowed(user) : Verdict.forbidden(user);
    }

    /** Returns the user and the password of a header, with a colon between them; empty if it is not Basic's. */
    private static String decoded(String header) {
        if (header.length() > MAX_HEADER || !header.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return "";
        }
        try {
            return new String(
                    Base64.getDecoder().decode(header.substring(BASIC.length()).trim()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            return "";
        }
    }

    /** Returns the name under which a user is kept; empty if no user can have it. */
    private static String prepared(String name) {
        try {
            return ScramVerifier.user(name);
        } catch (ScramException unusable) {
            return "";
        }
    }

    private static String from(HttpExchange exchange) {
        InetSocketAddress from = exchange.getRemoteAddress();
        return from.getAddress().getHostAddress() + ":" + from.getPort();
    }

    /** Returns the certificate of who asks; null if he has shown none. */
    private static @Nullable X509Certificate certificate(HttpExchange exchange) {
        try {
            return exchange instanceof HttpsExchange encrypted
                            && encrypted.getSSLSession().getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? certificate
                    : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }
}
