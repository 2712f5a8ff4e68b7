package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.CertificateNames;
import dev.lockstep.protocol.tls.CredentialFiles;
import dev.lockstep.protocol.tls.Credentials;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Encrypted connections: TLS 1.3, or 1.2 besides, and both ends show a certificate that the other trusts. The connecting side also
 * demands that the certificate names the host that it connected to. For any number of links and listeners; thread-safe.
 */
public final class Tls {

    private static final String TLS_13 = "TLSv1.3";
    private static final String TLS_12 = "TLSv1.2";
    /** Those that authenticate what they encrypt, and whose keys are not those of the certificate. */
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");

    private final Supplier<Credentials> credentials;
    private final String[] versions;
    private volatile @Nullable Contexts last;

    /** Netty's form of credentials. */
    private record Contexts(Credentials of, SslContext connecting, SslContext listening) {}

    /** @param credentials asked with each new connection */
    public Tls(Supplier<Credentials> credentials, boolean tls12) {
        this.credentials = credentials;
        this.versions = tls12 ? new String[] {TLS_13, TLS_12} : new String[] {TLS_13};
    }

    /**
     * Reads the files that the settings name, now and when they change.
     *
     * @throws IOException when they can't be used, naming the file and saying why
     */
    public static Tls of(TlsSettings settings, Time time) throws IOException {
        return new Tls(new CredentialFiles(settings, time), settings.tls12());
    }

    /** Names the certificate that is shown now. */
    public String description() {
        return credentials.get().description();
    }

    private Contexts contexts() {
        Credentials now = credentials.get();
        Contexts known = last;
        if (known == null || !known.of().equals(now)) {
            try {
                known = new Contexts(now, connecting(now), listening(now));
            } catch (SSLException unusable) {
                throw new IllegalStateException("This Java can't speak " + String.join(" or ", versions), unusable);
            }
            last = known;
        }
        return known;
    }

    private SslContext connecting(Credentials now) throws SSLException {
        return SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .keyManager(now.keys())
                .trustManager(now.trust())
                .protocols(versions)
                .ciphers(CIPHERS)
                .endpointIdentificationAlgorithm("HTTPS")
                .build();
    }

    private SslContext listening(Credentials now) throws SSLException {
        return SslContextBuilder.forServer(now.keys())
                .sslProvider(SslProvider.JDK)
                .trustManager(now.trust())
                .clientAuth(ClientAuth.REQUIRE)
                .protocols(versions)
                .ciphers(CIPHERS)
                .build();
    }

    /** Secures an outgoing channel before anything else is in its pipeline: what is written waits for the handshake. */
    void connect(Channel channel, String host, int port) {
        encrypt(channel);
        channel.pipeline().addLast(contexts().connecting().newHandler(channel.alloc(), host, port));
    }

    /** Secures an incoming channel, as {@link #connect} does at the other end. */
    void accept(Channel channel) {
        encrypt(channel);
        channel.pipeline().addLast(contexts().listening().newHandler(channel.alloc()));
    }

    private static void encrypt(Channel channel) {
        if (channel instanceof DirectSocket socket) {
            socket.encrypted();
        }
    }

    /** Says why a connection is not secure; what the peer sent is not repeated. */
    static String reason(SSLException failure) {
        return failure instanceof NotSslRecordException
                ? "the other end does not speak TLS"
                : String.valueOf(failure.getMessage());
    }

    /** The names of the certificate that the peer of an encrypted channel has shown. */
    static List<String> peersNames(Channel channel) {
        X509Certificate certificate = peersCertificate(channel);
        return certificate == null ? List.of() : CertificateNames.of(certificate);
    }

    /** The user whose certificate the peer of an encrypted channel has shown; empty if it has shown none. */
    static String peersUser(Channel channel) {
        X509Certificate certificate = peersCertificate(channel);
        return certificate == null ? "" : CertificateNames.user(certificate);
    }

    private static @Nullable X509Certificate peersCertificate(Channel channel) {
        try {
            SslHandler handler = channel.pipeline().get(SslHandler.class);
            return handler.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? certificate
                    : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }
}
