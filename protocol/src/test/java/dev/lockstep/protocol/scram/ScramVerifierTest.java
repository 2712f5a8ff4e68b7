package dev.lockstep.protocol.scram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is kept of a password has bounds, and does not print. */
class ScramVerifierTest {

    private static final Bytes KEY = Bytes.of(new byte[32]);

    @ParameterizedTest
    @CsvSource({"15, 4096", "65, 4096", "16, 4095", "16, 1000001"})
    void saltAndIterationsHaveBounds(int salt, int iterations) {
        assertThatThrownBy(
                        () -> new ScramVerifier(ScramMechanism.SHA_256, Bytes.of(new byte[salt]), iterations, KEY, KEY))
                .isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> ScramVerifier.of(
                        ScramMechanism.SHA_256, new char[] {'x'}, Bytes.of(new byte[salt]), iterations))
                .isInstanceOf(ScramException.class);
    }

    @ParameterizedTest
    @CsvSource({"16, 4096", "64, 1000000"})
    void theBoundsAreWithin(int salt, int iterations) {
        ScramVerifier verifier =
                new ScramVerifier(ScramMechanism.SHA_256, Bytes.of(new byte[salt]), iterations, KEY, KEY);
        assertThat(verifier.iterations()).isEqualTo(iterations);
    }

    @Test
    void keysHaveTheSizeOfTheMechanism() {
        Bytes salt = ScramVerifier.newSalt(Entropy.system());
        Bytes longer = Bytes.of(new byte[64]);
        assertThatThrownBy(() -> new ScramVerifier(ScramMechanism.SHA_256, salt, 4096, longer, KEY))
                .isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> new ScramVerifier(ScramMechanism.SHA_512, salt, 4096, longer, KEY))
                .isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> ScramMechanism.named("SCRAM-SHA-1")).isInstanceOf(ScramException.class);
        assertThat(ScramMechanism.named("SCRAM-SHA-512")).isEqualTo(ScramMechanism.SHA_512);
    }

    @Test
    void keysDoNotPrint() {
        ScramVerifier verifier = ScramVerifier.of(
                ScramMechanism.SHA_256, "secret".toCharArray(), ScramVerifier.newSalt(Entropy.system()), 4096);
        for (Bytes key : new Bytes[] {verifier.storedKey(), verifier.serverKey()}) {
            assertThat(verifier.toString())
                    .doesNotContain(HexFormat.of().formatHex(key.array()))
                    .doesNotContain(Base64.getEncoder().encodeToString(key.array()));
        }
        assertThat(verifier.toString()).contains("storedKey=Bytes[32]", "serverKey=Bytes[32]");
        assertThat(new ScramCredentials("ada", "secret"::toCharArray).toString())
                .contains("ada")
                .doesNotContain("secret");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrittenIsReadAgain(ScramMechanism mechanism) {
        ScramVerifier verifier =
                ScramVerifier.of(mechanism, "secret".toCharArray(), ScramVerifier.newSalt(Entropy.system()), 4096);
        assertThat(verifier.text()).startsWith(mechanism.saslName() + "$4096:");
        assertThat(ScramVerifier.parse(verifier.text())).isEqualTo(verifier);
    }

    @Test
    void whatIsNoVerifierIsNotRead() {
        String text = new ScramVerifier(ScramMechanism.SHA_256, Bytes.of(new byte[16]), 4096, KEY, KEY).text();
        for (String none : new String[] {
            "",
            "***",
            text + "=",
            text.replace("SHA-256", "SHA-1"),
            text.replace("4096", "4095"),
            text.replace("4096", "99999999999"),
            text.substring(1),
            text.replace("AA==", "AA"),
            text.replace(":", ";")
        }) {
            assertThatThrownBy(() -> ScramVerifier.parse(none)).as(none).isInstanceOf(ScramException.class);
        }
    }

    @Test
    void saltsAreNotRepeated() {
        Bytes salt = ScramVerifier.newSalt(Entropy.system());
        assertThat(salt.size()).isEqualTo(16);
        assertThat(ScramVerifier.newSalt(Entropy.system())).isNotEqualTo(salt);
    }
}
