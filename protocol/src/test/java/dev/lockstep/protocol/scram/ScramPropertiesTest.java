package dev.lockstep.protocol.scram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Whatever arrives in place of a message, a log-in is refused as such, and never fails in another way. */
class ScramPropertiesTest {

    private static final ScramCredentials ADA = LogIns.credentials("ada", LogIns.PASSWORD);

    @Property(tries = 300)
    void bytesAreRefusedInEachPlace(@ForAll @Size(max = 1100) byte[] garbage) throws IOException {
        Bytes message = Bytes.of(garbage);
        ScramClient client = client();
        ScramServer.LogIn logIn = LogIns.begin(client.first());
        ScramClient.Proof proof = client.answer(logIn.challenge(), LogIns.BINDING);
        refused(() -> LogIns.begin(message));
        refused(() -> client.answer(new ScramChallenge(ScramMechanism.SHA_256, message), LogIns.BINDING));
        refused(() -> logIn.finish(message));
        refused(() -> proof.verify(message));
    }

    @Property(tries = 300)
    void textIsRefusedOrALogIn(@ForAll String text, @ForAll String nonce, @ForAll String name) throws IOException {
        ScramClient client = client();
        ScramServer.LogIn logIn = LogIns.begin(client.first());
        refusedOrNot(() -> LogIns.begin(utf8(ScramMessages.HEADER + "n=" + name + ",r=" + nonce + text)));
        refusedOrNot(() -> LogIns.begin(utf8(ScramMessages.HEADER + "n=" + name + ",r=a-nonce-of-a-client")));
        refused(() -> client.answer(
                new ScramChallenge(ScramMechanism.SHA_256, utf8("r=" + nonce + ",s=" + text + ",i=4096")),
                LogIns.BINDING));
        refused(() -> logIn.finish(utf8("c=" + text + ",r=" + nonce + ",p=" + name)));
    }

    @Property(tries = 300)
    void whatIsCutShortOrHasAByteChangedIsNeverAccepted(
            @ForAll @IntRange(max = 999) int at, @ForAll @IntRange(min = 1, max = 255) int change) throws IOException {
        ScramClient client = client();
        ScramServer.LogIn logIn = LogIns.begin(client.first());
        ScramClient.Proof proof = client.answer(logIn.challenge(), LogIns.BINDING);
        refused(() -> logIn.finish(cut(proof.message(), at)));
        refused(() -> logIn.finish(changed(proof.message(), at, change)));
        refused(() -> {
            ScramServer.LogIn another = LogIns.begin(changed(client.first(), at, change));
            another.finish(client.answer(another.challenge(), LogIns.BINDING).message());
        });
        refusedOrNot(() -> LogIns.begin(cut(client.first(), at)));
        refused(() -> {
            ScramChallenge challenge = logIn.challenge();
            Bytes answer = client.answer(
                            new ScramChallenge(challenge.mechanism(), changed(challenge.message(), at, change)),
                            LogIns.BINDING)
                    .message();
            logIn.finish(answer);
        });
        refused(() -> proof.verify(cut(logIn.finish(proof.message()), at)));
        refused(() -> proof.verify(changed(logIn.finish(proof.message()), at, change)));
    }

    private static ScramClient client() {
        return new ScramClient(ADA, Entropy.system());
    }

    /** Text that is none in UTF-8 too: strings of the generator have lone surrogates. */
    private static Bytes utf8(String text) {
        return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Bytes cut(Bytes message, int at) {
        return Bytes.of(Arrays.copyOf(message.array(), at % message.size()));
    }

    private static Bytes changed(Bytes message, int at, int change) {
        byte[] changed = message.array().clone();
        changed[at % changed.length] ^= (byte) change;
        return Bytes.of(changed);
    }

    private static void refused(ThrowingCallable call) {
        assertThatThrownBy(call).isExactlyInstanceOf(ScramException.class);
    }

    private static void refusedOrNot(ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown == null || thrown instanceof ScramException)
                .as("%s", thrown)
                .isTrue();
    }
}
