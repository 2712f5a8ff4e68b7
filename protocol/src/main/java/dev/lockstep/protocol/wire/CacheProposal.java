package dev.lockstep.protocol.wire;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A cache as a client wants it. The cluster's templates say the rest.
 *
 * @param expiry null when the creator says nothing of it
 * @param expiryPolicy class name of a custom expiry policy that callers evaluate, or empty
 * @param own what the creator's program says: it goes before every template
 * @param template what a template of the creator's says: it may add to the cluster's, and not contradict it
 * @param place of that template, for messages
 */
public record CacheProposal(
        String name,
        String keyType,
        String valueType,
        @Nullable ExpiryRule expiry,
        String expiryPolicy,
        CacheSettings own,
        CacheSettings template,
        String place) {

    public CacheProposal {
        CacheDefinition.checkName(name);
    }

    /** Leaves nothing to templates. */
    public static CacheProposal exactly(CacheDefinition definition) {
        return new CacheProposal(
                definition.name(),
                definition.keyType(),
                definition.valueType(),
                definition.expiry(),
                definition.expiryPolicy(),
                new CacheSettings(
                        OptionalLong.of(definition.maxEntries()),
                        OptionalLong.of(definition.maxBytes()),
                        Optional.of(definition.consistency()),
                        Optional.of(definition.entryProcessing()),
                        Optional.empty(),
                        Optional.empty()),
                CacheSettings.NOTHING,
                "");
    }

    /** The same, saying nothing of a bound in bytes. */
    public CacheProposal withoutMaxBytes() {
        return new CacheProposal(
                name,
                keyType,
                valueType,
                expiry,
                expiryPolicy,
                own.withoutMaxBytes(),
                template.withoutMaxBytes(),
                place);
    }

    /** The settings that its creator specified, in whichever way. */
    public CacheSettings said() {
        return own.or(template);
    }

    /** The definition, with what the cluster's template says of what the creator leaves open. */
    public CacheDefinition completed(CacheSettings cluster) {
        CacheSettings all = said().or(cluster);
        ExpiryRule rule = expiry == null ? ExpiryRule.of(all.timeToLive(), all.timeToIdle()) : expiry;
        return new CacheDefinition(
                name,
                keyType,
                valueType,
                expiryPolicy.isEmpty() ? rule : ExpiryRule.ETERNAL,
                expiryPolicy,
                all.maxEntries().orElse(0),
                all.maxBytes().orElse(0),
                all.consistency().orElse(Consistency.SESSION),
                all.entryProcessing().orElse(EntryProcessing.LEASED));
    }
}
