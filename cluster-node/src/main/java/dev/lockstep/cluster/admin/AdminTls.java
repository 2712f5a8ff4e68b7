package dev.lockstep.cluster.admin;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import dev.lockstep.protocol.tls.Credentials;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The encryption of the JDK's HTTPS server, which keeps its context for as long as it runs: the keys and authorities in that are looked up
 * with each handshake, so that a certificate which was replaced is shown from then on. A client may show a certificate, or none.
 */
final class AdminTls extends HttpsConfigurator {

    /** The time for which a client may resume a session, and so what it was shown and has shown. */
    private static final int RESUMED_SECONDS = 60;

    private final boolean tls12;

    AdminTls(AdminServer.Encryption encryption) {
        super(context(encryption.credentials()));
        this.tls12 = encryption.tls12();
    }

    private static SSLContext context(Supplier<Credentials> credentials) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    new KeyManager[] {new CurrentKeys(credentials)},
                    new TrustManager[] {new CurrentAuthorities(credentials)},
                    null);
            context.getServerSessionContext().setSessionTimeout(RESUMED_SECONDS);
            return context;
        } catch (GeneralSecurityException unusable) {
            throw new IllegalStateException("This Java can't speak TLS: " + unusable.getMessage(), unusable);
        }
    }

    @Override
    public void configure(HttpsParameters connection) {
        SSLParameters parameters = getSSLContext().getDefaultSSLParameters();
        parameters.setProtocols(tls12 ? new String[] {"TLSv1.3", "TLSv1.2"} : new String[] {"TLSv1.3"});
        parameters.setWantClientAuth(true);
        connection.setSSLParameters(parameters);
    }

    /** The key and the certificate that the node has at that moment. */
    private static final class CurrentKeys extends X509ExtendedKeyManager {

        private final Supplier<Credentials> credentials;

        CurrentKeys(Supplier<Credentials> credentials) {
            this.credentials = credentials;
        }

        private X509ExtendedKeyManager now() {
            return (X509ExtendedKeyManager) credentials.get().keys();
        }

        @Override
        public @Nullable String chooseEngineServerAlias(String type, Principal @Nullable [] issuers, SSLEngine engine) {
            return now().chooseEngineServerAlias(type, issuers, engine);
        }

        @Override
        public @Nullable String chooseServerAlias(String type, Principal @Nullable [] issuers, Socket socket) {
            return now().chooseServerAlias(type, issuers, socket);
        }

        @Override
        public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
            return now().getServerAliases(type, issuers);
        }

        @Override
        public @Nullable String chooseClientAlias(String[] types, Principal @Nullable [] issuers, Socket socket) {
            return now().chooseClientAlias(types, issuers, socket);
        }

        @Override
        public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
            return now().getClientAliases(type, issuers);
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            return now().getCertificateChain(alias);
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return now().getPrivateKey(alias);
        }
    }

    /** The authorities that the node trusts at that moment. */
    private static final class CurrentAuthorities extends X509ExtendedTrustManager {

        private final Supplier<Credentials> credentials;

        CurrentAuthorities(Supplier<Credentials> credentials) {
            this.credentials = credentials;
        }

        private X509ExtendedTrustManager now() {
            return (X509ExtendedTrustManager) credentials.get().trust();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            now().checkClientTrusted(chain, type, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            now().checkClientTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            now().checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            now().checkServerTrusted(chain, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            now().checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            now().checkServerTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return now().getAcceptedIssuers();
        }
    }
}
