package dev.lockstep.cluster.control;

import dev.lockstep.protocol.access.NamePattern;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The templates of this node, which are the cluster's as long as it leads the control group. Immutable.
 *
 * @param caches by name pattern; the first that matches holds
 * @param places where each is set
 */
public record Templates(Map<String, CacheSettings> caches, Map<String, String> places) {

    /** Says nothing of any cache. */
    public static final Templates NONE = new Templates(Map.of(), Map.of());

    /** Returns the templates of a node's settings. */
    public static Templates of(Settings settings) {
        return new Templates(settings.caches(), settings.places());
    }

    /** Returns what these templates say of a cache of this name. */
    CacheSettings of(String name) {
        return pattern(name).map(caches::get).orElse(CacheSettings.NOTHING);
    }

    private Optional<String> pattern(String name) {
        return caches.keySet().stream()
                .filter(pattern -> NamePattern.matches(pattern, name))
                .findFirst();
    }

    /** Names what a creator's template says otherwise than these; empty if it only adds. */
    String contradiction(CacheProposal proposal) {
        CacheSettings cluster = of(proposal.name());
        CacheSettings template = proposal.template();
        CacheSettings own = proposal.own();
        List<String> differences = new ArrayList<>();
        if (own.maxEntries().isEmpty()) {
            differ(differences, "max-entries", boxed(template.maxEntries()), boxed(cluster.maxEntries()));
        }
        if (own.maxBytes().isEmpty()) {
            differ(differences, "max-bytes", boxed(template.maxBytes()), boxed(cluster.maxBytes()));
        }
        if (own.consistency().isEmpty()) {
            differ(differences, "consistency", template.consistency(), cluster.consistency());
        }
        if (own.entryProcessing().isEmpty()) {
            differ(differences, "entry-processor", template.entryProcessing(), cluster.entryProcessing());
        }
        if (proposal.expiry() == null && own.timeToLive().isEmpty()) {
            differ(differences, "time-to-live", template.timeToLive(), cluster.timeToLive());
        }
        if (proposal.expiry() == null && own.timeToIdle().isEmpty()) {
            differ(differences, "time-to-idle", template.timeToIdle(), cluster.timeToIdle());
        }
        if (differences.isEmpty()) {
            return "";
        }
        String pattern = pattern(proposal.name()).orElse("");
        return "The template of cache " + proposal.name() + " in " + proposal.place()
                + " contradicts the cluster's, which is \"" + pattern + "\" in "
                + places.getOrDefault("caches." + pattern, "its settings") + ": " + String.join("; ", differences)
                + ". A client's template may only add: leave that out there, or change the cluster's";
    }

    private static Optional<Long> boxed(OptionalLong number) {
        return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
    }

    private static <T> void differ(List<String> differences, String what, Optional<T> asked, Optional<T> cluster) {
        if (asked.isPresent() && cluster.isPresent() && !asked.equals(cluster)) {
            differences.add(what + " is " + cluster.get() + " in the cluster, asked for was " + asked.get());
        }
    }
}
