package dev.lockstep.spring.boot;

import dev.lockstep.protocol.settings.SettingsException;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.core.io.ResourceLoader;

/** The URI of the CacheManager that properties describe: one grammar judges both. Stateless. */
final class Connection {

    private static final String SERVERS = LockstepProperties.PREFIX + ".servers";
    private static final String USERNAME = LockstepProperties.PREFIX + ".username";
    private static final String PASSWORD = LockstepProperties.PREFIX + ".password";
    private static final String SECRET = "***";
    private static final String CONFIG = LockstepProperties.PREFIX + ".config";
    private static final String JCACHE_CONFIG = "spring.cache.jcache.config";
    private static final String CLASS_PATH = "classpath:";

    private Connection() {}

    /**
     * @param jcacheConfig what Boot's own property says
     * @return null for the default
     * @throws InvalidLockstepPropertyException when a property can't be used, alone or beside others
     */
    static @Nullable URI of(LockstepProperties properties, @Nullable String jcacheConfig, ResourceLoader resources) {
        refuseBoth(CONFIG, properties.config(), JCACHE_CONFIG, jcacheConfig);
        String name = properties.config() == null ? JCACHE_CONFIG : CONFIG;
        String config = properties.config() == null ? jcacheConfig : properties.config();
        if (!properties.servers().isEmpty()) {
            refuseBoth(SERVERS, String.join(",", properties.servers()), name, config);
            return client(properties);
        }
        refuseWithoutServers("cluster", properties.cluster());
        refuseWithoutServers("timeout", properties.timeout());
        refuseWithoutServers("connect-timeout", properties.connectTimeout());
        refuseWithoutServers("routing", properties.routing());
        refuseWithoutServers("ssl.bundle", properties.ssl().bundle());
        refuseWithoutServers("username", properties.username());
        refuseWithoutServers("password", properties.password() == null ? null : SECRET);
        return config == null ? null : file(name, config, resources);
    }

    private static void refuseBoth(String one, @Nullable String value, String other, @Nullable String otherValue) {
        if (value != null && otherValue != null) {
            throw new InvalidLockstepPropertyException(
                    one, value, "it excludes " + other + ", which is \"" + otherValue + "\": leave one of the two out");
        }
    }

    private static void refuseWithoutServers(String name, @Nullable Object value) {
        if (value != null) {
            throw new InvalidLockstepPropertyException(
                    LockstepProperties.PREFIX + "." + name,
                    value,
                    "it is for a client, which " + SERVERS + " makes the application; a settings' file has its own");
        }
    }

    private static void refuseHalfALogIn(LockstepProperties properties) {
        if (properties.password() != null && properties.username() == null) {
            throw new InvalidLockstepPropertyException(
                    PASSWORD, SECRET, "it is that of a user: set " + USERNAME + " too");
        }
        if (properties.username() == null) {
            return;
        }
        if (properties.password() == null) {
            throw new InvalidLockstepPropertyException(
                    USERNAME, properties.username(), "a user logs in with a password: set " + PASSWORD + " too");
        }
        if (properties.ssl().bundle() == null) {
            throw new InvalidLockstepPropertyException(
                    USERNAME,
                    properties.username(),
                    "a user logs in over an encrypted connection alone: set " + LockstepProperties.PREFIX
                            + ".ssl.bundle to a bundle that trusts the authority of the nodes");
        }
    }

    private static URI client(LockstepProperties properties) {
        refuseHalfALogIn(properties);
        List<String> servers = properties.servers();
        for (int i = 0; i < servers.size(); i++) {
            judged(SERVERS + "[" + i + "]", servers.get(i), "lockstep://" + servers.get(i));
        }
        String cluster = properties.cluster() == null ? "" : "/" + encoded(properties.cluster());
        List<String> options = new ArrayList<>();
        addDuration("timeout", properties.timeout(), options);
        addDuration("connect-timeout", properties.connectTimeout(), options);
        if (properties.routing() != null) {
            options.add("routing=" + properties.routing().name().toLowerCase(Locale.ROOT));
        }
        String query = options.stream().collect(Collectors.joining("&", options.isEmpty() ? "" : "?", ""));
        return URI.create("lockstep://" + String.join(";", servers) + cluster + query);
    }

    private static void addDuration(String name, @Nullable Duration duration, List<String> options) {
        if (duration != null && duration.toMillis() < 1) {
            throw new InvalidLockstepPropertyException(
                    LockstepProperties.PREFIX + "." + name, duration, "it is one millisecond or more");
        }
        if (duration != null) {
            options.add(name + "=" + duration.toMillis() + "ms");
        }
    }

    private static void judged(String property, String value, String uri) {
        try {
            SettingsReader.fromUri(URI.create(uri), Connection.class.getClassLoader());
        } catch (SettingsException | IllegalArgumentException refused) {
            throw new InvalidLockstepPropertyException(
                    property, value, "it is no address of a node such as 10.0.0.1:7400 (" + refused.getMessage() + ")");
        }
    }

    /** A query may have anything but what separates its parts. */
    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static URI file(String property, String location, ResourceLoader resources) {
        Resource resource = resources.getResource(location);
        if (!resource.exists()) {
            throw new InvalidLockstepPropertyException(property, location, "there is no such file or resource");
        }
        try {
            // What is inside a jar has no path: it is read through the class loader, by its name.
            return location.startsWith(CLASS_PATH)
                    ? URI.create(
                            CLASS_PATH + location.substring(CLASS_PATH.length()).replaceFirst("^/+", ""))
                    : resource.getURI();
        } catch (IOException | IllegalArgumentException noUri) {
            throw new InvalidLockstepPropertyException(property, location, "it can't be read: " + noUri.getMessage());
        }
    }
}
