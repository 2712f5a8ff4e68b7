package dev.lockstep.protocol.scram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ongres.scram.client.ScramClient.FinalBuildStage;
import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who knows a password is let in, by our client and by another's; anyone else is refused, and learns nothing of why. */
class ScramLogInTest {

    @ParameterizedTest
    @ValueSource(strings = {"ada", "bob", "b=o,b"})
    void theOneWithThePasswordIsLetIn(String user) throws IOException {
        assertThat(LogIns.logIn(user, LogIns.PASSWORD)).isEqualTo(user);
    }

    @Test
    void namesThatLookTheSameAreTheSame() throws IOException {
        assertThat(LogIns.logIn("e\u0301", LogIns.PASSWORD)).isEqualTo("\u00e9");
        assertThat(LogIns.logIn("a\u00add\u00ada", LogIns.PASSWORD)).isEqualTo("ada");
    }

    @Test
    void aPasswordIsPreparedToo() {
        ScramVerifier composed = verifier("caf\u00e9\u00a0au lait");
        ScramVerifier decomposed = verifier("cafe\u0301 au lait");
        assertThat(decomposed).isEqualTo(composed);
    }

    private static ScramVerifier verifier(String password) {
        return ScramVerifier.of(
                ScramMechanism.SHA_256, password.toCharArray(), LogIns.SALT, ScramVerifier.MIN_ITERATIONS);
    }

    @ParameterizedTest
    @CsvSource({"ada, SCRAM-SHA-256-PLUS", "bob, SCRAM-SHA-512-PLUS", "'b=o,b', SCRAM-SHA-512-PLUS"})
    void anothersClientIsLetIn(String user, String mechanism) throws Exception {
        var client = anothers(user, mechanism)
                .channelBinding("tls-server-end-point", LogIns.BINDING.array())
                .build();
        ScramServer.LogIn logIn =
                LogIns.begin(Bytes.utf8(client.clientFirstMessage().toString()));
        client.serverFirstMessage(LogIns.text(logIn.challenge().message()));
        Bytes signed = logIn.finish(Bytes.utf8(client.clientFinalMessage().toString()));
        client.serverFinalMessage(LogIns.text(signed));
        assertThat(logIn.user()).isEqualTo(user);
    }

    private static FinalBuildStage anothers(String user, String mechanism) {
        return com.ongres.scram.client.ScramClient.builder()
                .advertisedMechanisms(List.of(mechanism, mechanism.replace("-PLUS", "")))
                .username(user)
                .password(LogIns.PASSWORD.toCharArray());
    }

    @Test
    void aClientThatBindsNothingIsRefused() {
        String unbound =
                anothers("ada", "SCRAM-SHA-256").build().clientFirstMessage().toString();
        String undecided = "y" + unbound.substring(1);
        assertThat(unbound).startsWith("n,,");
        for (String first : List.of(unbound, undecided, unbound.replace("n,,", "p=tls-unique,,"))) {
            assertThatThrownBy(() -> LogIns.begin(Bytes.utf8(first)))
                    .isInstanceOf(ScramException.class)
                    .hasMessageContaining("tls-server-end-point");
        }
    }

    @Test
    void aLogInThatWasPassedOnIsRefused() throws IOException {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramServer.LogIn logIn = LogIns.begin(client.first());
        Bytes answer = client.answer(logIn.challenge(), Bytes.utf8("another certificate"))
                .message();
        assertThatThrownBy(() -> logIn.finish(answer))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("another certificate");
    }

    @Test
    void aWrongPasswordIsRefused() {
        assertThatThrownBy(() -> LogIns.logIn("ada", "wrong"))
                .isInstanceOf(ScramException.class)
                .hasMessage("The password is wrong");
    }

    @Test
    void anUnknownUserIsChallengedAsAKnownOne() {
        ScramChallenge known =
                LogIns.begin(LogIns.client("ada", "wrong").first()).challenge();
        ScramChallenge unknown =
                LogIns.begin(LogIns.client("eve", "wrong").first()).challenge();
        ScramMessages.ServerFirst first = ScramMessages.serverFirst(unknown.message());
        assertThat(unknown.mechanism()).isEqualTo(known.mechanism()).isEqualTo(ScramVerifier.DEFAULT_MECHANISM);
        assertThat(first.nonce())
                .hasSameSizeAs(ScramMessages.serverFirst(known.message()).nonce());
        assertThat(first.iterations()).isEqualTo(ScramVerifier.DEFAULT_ITERATIONS);
        assertThat(first.salt().size())
                .isEqualTo(ScramVerifier.newSalt(Entropy.system()).size());
        assertThatThrownBy(() -> LogIns.logIn("eve", "wrong"))
                .isInstanceOf(ScramException.class)
                .hasMessage("There is no such user");
    }

    @Test
    void theSaltOfAnUnknownUserIsItsOwnAndStays() {
        ScramServer another = new ScramServer(LogIns.DECOY_KEY, Entropy.system());
        Bytes eve = saltOf(LogIns.SERVER, "eve");
        assertThat(saltOf(LogIns.SERVER, "eve")).isEqualTo(eve);
        assertThat(saltOf(another, "eve")).isEqualTo(eve);
        assertThat(saltOf(LogIns.SERVER, "mallory")).isNotEqualTo(eve);
    }

    private static Bytes saltOf(ScramServer server, String user) {
        Bytes first = LogIns.client(user, "any").first();
        Bytes challenge = server.begin(first, LogIns::verifier, LogIns.BINDING)
                .challenge()
                .message();
        return ScramMessages.serverFirst(challenge).salt();
    }

    @Test
    void anAnswerIsGoodForOneChallenge() throws IOException {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramServer.LogIn first = LogIns.begin(client.first());
        Bytes answer = client.answer(first.challenge(), LogIns.BINDING).message();
        first.finish(answer);
        ScramServer.LogIn again = LogIns.begin(client.first());
        assertThatThrownBy(() -> again.finish(answer))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("another challenge");
    }

    @Test
    void aNodeWithoutTheVerifierIsFoundOut() throws IOException {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramServer.LogIn logIn = LogIns.begin(client.first());
        ScramClient.Proof proof = client.answer(logIn.challenge(), LogIns.BINDING);
        Bytes signed = logIn.finish(proof.message());
        proof.verify(signed);
        byte[] forged = signed.array().clone();
        forged[5] ^= 1;
        assertThatThrownBy(() -> proof.verify(Bytes.of(forged))).isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> proof.verify(Bytes.utf8("e=other-error"))).isInstanceOf(ScramException.class);
    }

    @Test
    void aChallengeMustContinueTheClientsNonce() {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramChallenge challenge = LogIns.begin(client.first()).challenge();
        String own = ScramMessages.clientFirst(client.first()).nonce();
        assertThatThrownBy(() -> client.answer(
                        changed(challenge, text -> text.replace(own, "A".repeat(own.length()))), LogIns.BINDING))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("nonce");
        assertThatThrownBy(() -> client.answer(
                        changed(challenge, text -> text.replaceFirst("r=[^,]+", "r=" + own)), LogIns.BINDING))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("nonce");
    }

    private static ScramChallenge changed(ScramChallenge challenge, UnaryOperator<String> change) {
        return new ScramChallenge(challenge.mechanism(), Bytes.utf8(change.apply(LogIns.text(challenge.message()))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"i=4095", "i=1", "i=0", "i=-4096", "i=1000001", "i=4294967296", "i=9999999999999", "i=04096"})
    void aClientDoesNotDeriveWithFewOrTooManyIterations(String iterations) {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramChallenge challenge = LogIns.begin(client.first()).challenge();
        assertThatThrownBy(() ->
                        client.answer(changed(challenge, text -> text.replace("i=4096", iterations)), LogIns.BINDING))
                .isInstanceOf(ScramException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"s=", "s=AAAA", "s=c2l4dGVlbiBieXRlcy4=", "s=*", "s=c2l4dGVlbiBieXRlcy4uLg=,"})
    void aClientDoesNotDeriveWithASaltThatIsNone(String salt) {
        ScramClient client = LogIns.client("ada", LogIns.PASSWORD);
        ScramChallenge challenge = LogIns.begin(client.first()).challenge();
        assertThatThrownBy(() ->
                        client.answer(changed(challenge, text -> text.replaceFirst("s=[^,]+", salt)), LogIns.BINDING))
                .isInstanceOf(ScramException.class);
    }

    @Test
    void aMessageMayHaveExtensionsButNoneThatMustBeUnderstood() throws IOException {
        Bytes first = LogIns.client("ada", LogIns.PASSWORD).first();
        assertThat(LogIns.begin(Bytes.utf8(LogIns.text(first) + ",x=later")).user())
                .isEqualTo("ada");
        Bytes mandatory = Bytes.utf8(LogIns.text(first).replace(",,n=", ",,m=now,n="));
        assertThatThrownBy(() -> LogIns.begin(mandatory)).isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> LogIns.begin(Bytes.utf8(LogIns.text(first) + ",m=now")))
                .isInstanceOf(ScramException.class);
    }

    @Test
    void aMessageHasALimit() {
        String first = LogIns.text(LogIns.client("ada", LogIns.PASSWORD).first());
        String filled = first + ",x=" + "x".repeat(ScramMessages.MAX_MESSAGE - first.length() - 3);
        assertThat(LogIns.begin(Bytes.utf8(filled)).user()).isEqualTo("ada");
        assertThatThrownBy(() -> LogIns.begin(Bytes.utf8(filled + "x")))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("1024");
    }

    @Test
    void aNameHasALimit() throws IOException {
        String longest = ",".repeat(ScramVerifier.MAX_USER);
        assertThat(LogIns.begin(LogIns.client(longest, "any").first()).user()).isEqualTo(longest);
        assertThatThrownBy(() -> LogIns.credentials(longest + ",", "any")).isInstanceOf(ScramException.class);
        Bytes tooLong =
                Bytes.utf8(ScramMessages.HEADER + ScramMessages.clientFirstBare(longest + ",", "a-nonce-of-a-client"));
        assertThatThrownBy(() -> LogIns.begin(tooLong))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("128");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\u00ad", "a\nb", "\u0000", "a\u05d0", "\ue000", "\ud800"})
    void aNameThatCannotBeTypedIsNone(String name) {
        assertThatThrownBy(() -> ScramVerifier.user(name)).isInstanceOf(ScramException.class);
        assertThatThrownBy(() -> verifier(name)).isInstanceOf(ScramException.class);
    }

    @Test
    void aNameIsEscapedInOneWay() {
        for (String name : List.of("a=b", "a=", "==2C", "=3=3DD")) {
            assertThatThrownBy(() ->
                            LogIns.begin(Bytes.utf8(ScramMessages.HEADER + "n=" + name + ",r=a-nonce-of-a-client")))
                    .isInstanceOf(ScramException.class)
                    .hasMessageContaining("=2C");
        }
    }

    @Test
    void aMessageIsInUtf8() {
        byte[] message = (LogIns.text(LogIns.client("ada", LogIns.PASSWORD).first()) + ",x=~")
                .getBytes(StandardCharsets.US_ASCII);
        assertThat(LogIns.begin(Bytes.of(message.clone())).user()).isEqualTo("ada");
        message[message.length - 1] = (byte) 0xFF;
        assertThatThrownBy(() -> LogIns.begin(Bytes.of(message)))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void aPasswordHasALimit() {
        assertThat(verifier("x".repeat(1024))).isNotNull();
        assertThatThrownBy(() -> verifier("x".repeat(1025)))
                .isInstanceOf(ScramException.class)
                .hasMessageContaining("1024");
    }

    @Test
    void keysAreDerivedOnceUntilThePasswordIsRefused() throws IOException {
        AtomicInteger reads = new AtomicInteger();
        ScramCredentials credentials = new ScramCredentials("ada", () -> {
            reads.incrementAndGet();
            return LogIns.PASSWORD.toCharArray();
        });
        for (int i = 0; i < 3; i++) {
            ScramClient client = new ScramClient(credentials, Entropy.system());
            client.answer(LogIns.begin(client.first()).challenge(), LogIns.BINDING);
        }
        assertThat(reads).hasValue(1);
        credentials.refused();
        ScramClient client = new ScramClient(credentials, Entropy.system());
        client.answer(LogIns.begin(client.first()).challenge(), LogIns.BINDING);
        assertThat(reads).hasValue(2);
    }

    @Test
    void aPasswordIsClearedOnceItIsRead() throws IOException {
        char[] password = LogIns.PASSWORD.toCharArray();
        ScramClient client = new ScramClient(new ScramCredentials("ada", () -> password), Entropy.system());
        client.answer(LogIns.begin(client.first()).challenge(), LogIns.BINDING);
        assertThat(password).containsOnly('\0');
    }
}
