package dev.lockstep.jcache.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.wire.CacheProposal;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.ExpiryRule;
import dev.lockstep.protocol.wire.Lifetime;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.expiry.CreatedExpiryPolicy;
import javax.cache.expiry.Duration;
import javax.cache.expiry.EternalExpiryPolicy;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheDefinitionsTest {

    private static CacheSettings bounded(long entries) {
        return new CacheSettings(
                OptionalLong.of(entries),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static CacheProposal proposal(String name, ExpiryPolicy policy) {
        return CacheDefinitions.of(
                name,
                new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class),
                policy,
                bounded(1),
                bounded(2),
                "client.yaml:7");
    }

    /** A policy that only the JVMs that have its class can ask. */
    private static final class OfTheApplication implements ExpiryPolicy {
        @Override
        public Duration getExpiryForCreation() {
            throw new IllegalStateException("it must not be asked before there is an entry");
        }

        @Override
        public @Nullable Duration getExpiryForAccess() {
            return null;
        }

        @Override
        public @Nullable Duration getExpiryForUpdate() {
            return null;
        }
    }

    @Test
    void aProposalHasTheTypesAndTheSettingsWithTheirPlace() {
        CacheProposal proposal = proposal("prices", new EternalExpiryPolicy());

        assertThat(proposal.name()).isEqualTo("prices");
        assertThat(proposal.keyType()).isEqualTo("java.lang.String");
        assertThat(proposal.valueType()).isEqualTo("java.lang.Integer");
        assertThat(proposal.own()).isEqualTo(bounded(1));
        assertThat(proposal.template()).isEqualTo(bounded(2));
        assertThat(proposal.place()).isEqualTo("client.yaml:7");
    }

    @Test
    void theDefaultPolicyLeavesTheExpiryToTemplatesAndAnyOtherStandardOneDecides() {
        assertThat(proposal("prices", new EternalExpiryPolicy()).expiry()).isNull();
        assertThat(proposal("prices", new CreatedExpiryPolicy(Duration.ETERNAL)).expiry())
                .isEqualTo(ExpiryRule.ETERNAL);
        assertThat(proposal("prices", new CreatedExpiryPolicy(new Duration(TimeUnit.SECONDS, 2)))
                        .expiry())
                .isEqualTo(new ExpiryRule(Lifetime.ofMillis(2_000), Lifetime.UNCHANGED, Lifetime.UNCHANGED));
        assertThat(proposal("prices", new EternalExpiryPolicy()).expiryPolicy()).isEmpty();
    }

    @Test
    void aPolicyOfTheApplicationIsProposedByItsName() {
        CacheProposal proposal = proposal("prices", new OfTheApplication());

        assertThat(proposal.expiryPolicy()).isEqualTo(OfTheApplication.class.getName());
        assertThat(proposal.expiry()).isNull();
    }

    @Test
    void aNameOfNoCharactersIsRefused() {
        assertThatThrownBy(() -> proposal("", new EternalExpiryPolicy())).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "prices, prices, true",
        "prices, prices-old, false",
        "prices, old-prices, false",
        "*, prices, true",
        "prices-*, prices-eu, true",
        "prices-*, prices, false",
        "*-prices, eu-prices, true",
        "a*z, a-to-z, true",
        "a*z, az, true",
        "a*z, a-to-zz-top, false",
        "a.c, abc, false",
        "a.c, a.c, true",
        "[ab], a, false",
    })
    void onlyTheAsteriskStandsForOtherCharacters(String pattern, String name, boolean matches) {
        assertThat(CacheDefinitions.matches(pattern, name)).isEqualTo(matches);
    }

    @Test
    void anAsteriskStandsForLineBreaksToo() {
        assertThat(CacheDefinitions.matches("a*", "a\nb")).isTrue();
    }
}
