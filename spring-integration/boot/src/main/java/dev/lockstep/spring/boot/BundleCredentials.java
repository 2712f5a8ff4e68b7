package dev.lockstep.spring.boot;

import dev.lockstep.protocol.tls.Credentials;
import java.util.function.Supplier;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;

/** The certificate and authorities of an SSL bundle, as it was loaded last. Thread-safe. */
final class BundleCredentials implements Supplier<Credentials> {

    private final String name;
    private volatile Credentials current;

    /** @throws org.springframework.boot.ssl.NoSuchSslBundleException when there is none of that name */
    BundleCredentials(SslBundles bundles, String name) {
        this.name = name;
        this.current = credentials(bundles.getBundle(name));
        bundles.addBundleUpdateHandler(name, bundle -> current = credentials(bundle));
    }

    private Credentials credentials(SslBundle bundle) {
        SslManagerBundle managers = bundle.getManagers();
        return new Credentials(
                managers.getKeyManagers()[0], managers.getTrustManagers()[0], "certificate of the SSL bundle " + name);
    }

    @Override
    public Credentials get() {
        return current;
    }
}
