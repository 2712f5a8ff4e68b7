package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.scram.ChannelBinding;
import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.settings.TlsSettings;
import dev.lockstep.protocol.tls.CertificateNames;
import dev.lockstep.protocol.tls.CredentialFiles;
import dev.lockstep.protocol.tls.Credentials;
import dev.lockstep.protocol.wire.Bytes;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Encrypted connections: TLS 1.3, or 1.2 besides, and both ends show a certificate that the other trusts, or only the listening one if
 * the other may log in. The connecting side also demands that the certificate names the host that it connected to. For any number of
 * links and listeners; thread-safe.
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
    private final ClientAuth clients;
    private volatile @Nullable Contexts last;

    /** Netty's form of credentials. */
    private record Contexts(Credentials of, SslContext connecting, SslContext listening) {}

    /** @param credentials asked with each new connection */
    public Tls(Supplier<Credentials> credentials, boolean tls12) {
        this(credentials, tls12, true);
    }

    /**
     * @param credentials asked with each new connection
     * @param certificates whether a listener demands a certificate, or else is content with a log-in
     */
    public Tls(Supplier<Credentials> credentials, boolean tls12, boolean certificates) {
        this.credentials = credentials;
        this.clients = certificates ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL;
        this.versions = tls12 ? new String[] {TLS_13, TLS_12} : new String[] {TLS_13};
    }

    /**
     * Reads the files that the settings name, now and when they change.
     *
     * @throws IOException when they can't be used, naming the file and saying why
     */
    public static Tls of(TlsSettings settings, Time time) throws IOException {
        return new Tls(new CredentialFiles(settings, time), settings.tls12(), settings.clientCertificates());
    }

    /** Names the certificate that is shown now. */
    public String description() {
        return credentials.get().description();
    }

    /** Returns when the certificate that is shown now expires; null if there is none. */
    public @Nullable Instant expires() {
        return credentials.get().expires();
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
                .clientAuth(clients)
                .protocols(versions)
                .ciphers(CIPHERS)
                .build();
    }

    /** Secures an outgoing channel before anything else is in its pipeline: what is written waits for the handshake. */
    void connect(Channel channel, String host, int port) {
        encrypt(channel, contexts().connecting().newEngine(channel.alloc(), host, port));
    }

    /** Secures an incoming channel, as {@link #connect} does at the other end. */
    void accept(Channel channel) {
        encrypt(channel, contexts().listening().newEngine(channel.alloc()));
    }

    private static void encrypt(Channel channel, SSLEngine engine) {
        DirectTls direct = DirectTls.on(channel, engine);
        if (channel instanceof DirectSocket socket) {
            socket.encrypted(direct);
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

    /** Tells whether the peer of an encrypted channel has shown a certificate. */
    static boolean hasCertificate(Channel channel) {
        return peersCertificate(channel) != null;
    }

    private static @Nullable X509Certificate peersCertificate(Channel channel) {
        try {
            return first(session(channel).getPeerCertificates());
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }

    private static SSLSession session(Channel channel) {
        return channel.pipeline().get(SslHandler.class).engine().getSession();
    }

    private static @Nullable X509Certificate first(Certificate @Nullable [] chain) {
        return chain != null && chain.length > 0 && chain[0] instanceof X509Certificate certificate
                ? certificate
                : null;
    }

    /**
     * Returns the channel binding of a log-in on an encrypted channel.
     *
     * @param listening whether this is the end whose certificate it is
     * @throws ScramException when the certificate is none that can be hashed
     */
    static Bytes binding(Channel channel, boolean listening) {
        X509Certificate certificate =
                listening ? first(session(channel).getLocalCertificates()) : peersCertificate(channel);
        if (certificate == null) {
            throw new ScramException("There is no certificate of the node that the log-in could be bound to");
        }
        try {
            return ChannelBinding.of(certificate);
        } catch (GeneralSecurityException unusable) {
            throw new ScramException("The certificate of the node can't be hashed: " + unusable.getMessage());
        }
    }
}
