package dev.lockstep.protocol.netty;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates and keys for encrypted connections: TLS 1.3, and both ends show a certificate that the other trusts. The
 * connecting side also demands that the certificate names the host that it connected to. Immutable; for any number of
 * links and listeners.
 */
public final class Tls {

    private static final String VERSION = "TLSv1.3";

    private final SslContext connecting;
    private final SslContext listening;

    /**
     * @param keys the own certificate and its key
     * @param trust whose certificates are accepted
     * @throws SSLException when this Java can't do that
     */
    public Tls(KeyManagerFactory keys, TrustManagerFactory trust) throws SSLException {
        connecting = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .keyManager(keys)
                .trustManager(trust)
                .protocols(VERSION)
                .endpointIdentificationAlgorithm("HTTPS")
                .build();
        listening = SslContextBuilder.forServer(keys)
                .sslProvider(SslProvider.JDK)
                .trustManager(trust)
                .clientAuth(ClientAuth.REQUIRE)
                .protocols(VERSION)
                .build();
    }

    /** Secures an outgoing channel before anything else is in its pipeline: what is written waits for the handshake. */
    void connect(Channel channel, String host, int port) {
        encrypt(channel);
        channel.pipeline().addLast(connecting.newHandler(channel.alloc(), host, port));
    }

    /** Secures an incoming channel, as {@link #connect} does at the other end. */
    void accept(Channel channel) {
        encrypt(channel);
        channel.pipeline().addLast(listening.newHandler(channel.alloc()));
    }

    private static void encrypt(Channel channel) {
        if (channel instanceof DirectSocket socket) {
            socket.encrypted();
        }
    }
}
