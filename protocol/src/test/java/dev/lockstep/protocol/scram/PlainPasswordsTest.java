package dev.lockstep.protocol.scram;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.runtime.Entropy;
import org.junit.jupiter.api.Test;

class PlainPasswordsTest {

    private final PlainPasswords passwords = new PlainPasswords(Entropy.system());

    private static ScramVerifier verifier(String password) {
        return ScramVerifier.of(
                ScramMechanism.SHA_512,
                password.toCharArray(),
                ScramVerifier.newSalt(Entropy.system()),
                ScramVerifier.MIN_ITERATIONS);
    }

    private boolean isRemembered(String user, ScramVerifier verifier, String password) {
        return passwords.isRemembered(user, verifier, password.toCharArray());
    }

    private boolean verify(String user, ScramVerifier verifier, String password) {
        return passwords.verify(user, verifier, password.toCharArray());
    }

    @Test
    void thePasswordOfAUserIsRightAndAnyOtherIsWrong() {
        ScramVerifier verifier = verifier("correct horse");
        assertThat(verify("till", verifier, "correct horse")).isTrue();
        assertThat(verify("till", verifier, "correct horse ")).isFalse();
        assertThat(verify("till", verifier, "")).isFalse();
        assertThat(verify("nobody", null, "correct horse")).isFalse();
    }

    @Test
    void onlyThePasswordThatWasRightIsRememberedAndUntilThereIsAnother() {
        ScramVerifier verifier = verifier("correct horse");
        assertThat(isRemembered("till", verifier, "correct horse")).isFalse();
        verify("till", verifier, "wrong");
        assertThat(isRemembered("till", verifier, "wrong")).isFalse();
        verify("till", verifier, "correct horse");
        assertThat(isRemembered("till", verifier, "correct horse")).isTrue();
        assertThat(isRemembered("till", verifier, "wrong")).isFalse();
        assertThat(isRemembered("bill", verifier, "correct horse")).isFalse();
        assertThat(isRemembered("till", null, "correct horse")).as("removed").isFalse();
        assertThat(isRemembered("till", verifier("correct horse"), "correct horse"))
                .as("set anew")
                .isFalse();
    }

    @Test
    void noMoreThanAHundredAreRemembered() {
        ScramVerifier verifier = verifier("a");
        for (int user = 0; user <= PlainPasswords.MAX_REMEMBERED; user++) {
            verify("user" + user, verifier, "a");
        }
        assertThat(isRemembered("user0", verifier, "a")).isFalse();
        assertThat(isRemembered("user1", verifier, "a")).isTrue();
    }
}
