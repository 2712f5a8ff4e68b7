package dev.lockstep.jcache.spi;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.wire.CacheSettings;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The settings that this JVM's templates give to caches by their names: those given with the manager, then those of a client's
 * settings. The templates of a node are applied by the node. Immutable.
 */
final class CacheTemplates {

    private static final Template NONE = new Template(CacheSettings.NOTHING, "");

    private final Map<String, CacheSettings> given;
    private final @Nullable Settings client;
    private final URI uri;

    /** The settings for a cache, and where they are set. */
    record Template(CacheSettings settings, String place) {}

    /**
     * @param given with the manager
     * @param client the settings of a client; null if there are none
     * @param uri of the manager
     */
    CacheTemplates(Map<String, CacheSettings> given, @Nullable Settings client, URI uri) {
        this.given = given;
        this.client = client;
        this.uri = uri;
    }

    /** Finds the template of a cache, which is empty when none matches. */
    Template of(String name) {
        return matching(given, name)
                .map(match -> new Template(match.getValue(), "lockstep.caches[" + match.getKey() + "]"))
                .or(() -> client == null
                        ? Optional.empty()
                        : matching(client.caches(), name).map(match -> ofClient(client, match)))
                .orElse(NONE);
    }

    private Template ofClient(Settings settings, Map.Entry<String, CacheSettings> match) {
        return new Template(
                match.getValue(), settings.places().getOrDefault("caches." + match.getKey(), uri.toString()));
    }

    private static Optional<Map.Entry<String, CacheSettings>> matching(
            Map<String, CacheSettings> patterns, String name) {
        return patterns.entrySet().stream()
                .filter(pattern -> CacheDefinitions.matches(pattern.getKey(), name))
                .findFirst();
    }
}
