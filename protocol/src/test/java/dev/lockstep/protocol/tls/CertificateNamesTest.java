package dev.lockstep.protocol.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CertificateNamesTest {

    private static boolean match(String name, String accepted) {
        return CertificateNames.match(List.of("another.test", name), List.of("10.9.9.9", accepted));
    }

    @Test
    void aNameMatchesItselfInEitherCase() {
        assertThat(match("n1.shop.svc", "N1.Shop.svc")).isTrue();
        assertThat(match("10.0.0.1", "10.0.0.1")).isTrue();
        assertThat(match("::1", "[::1]")).isTrue();
        assertThat(match("n1.shop.svc", "n2.shop.svc")).isFalse();
    }

    @Test
    void anAsteriskStandsForOneLabelOnEitherSide() {
        assertThat(match("n1.shop.svc", "*.shop.svc")).isTrue();
        assertThat(match("*.shop.svc", "n1.shop.svc")).isTrue();
        assertThat(match("*.shop.svc", "*.shop.svc")).isTrue();
        assertThat(match("a.n1.shop.svc", "*.shop.svc")).isFalse();
        assertThat(match("shop.svc", "*.shop.svc")).isFalse();
        assertThat(match("*", "n1")).isFalse();
    }

    @Test
    void withoutNamesNothingMatches() {
        assertThat(CertificateNames.match(List.of(), List.of("n1"))).isFalse();
        assertThat(CertificateNames.match(List.of("n1"), List.of())).isFalse();
    }
}
