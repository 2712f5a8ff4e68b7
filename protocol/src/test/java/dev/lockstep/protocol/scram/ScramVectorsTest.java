package dev.lockstep.protocol.scram;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.wire.Bytes;
import java.util.Base64;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Log-ins whose messages others have published: RFC 7677's, and one with SHA-512 that several implementations are tested with. They are
 * without channel binding, so only the keys and what is made with them can be compared.
 */
class ScramVectorsTest {

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            delimiter = ' ',
            value = {
                "SHA_256 W22ZaJ0SNY7soEsUEjb6gQ== %hvYDpWUa2RaTCAfuxFIlj)hNlF$k0 dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
                        + " 6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                "SHA_512 Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88= 02431b08-2f89-4bad-a4e6-80c0564ec865"
                        + " Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5/Wr6qm9xmaHt4A=="
                        + " BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw=="
            })
    void keysAndSignaturesAreThoseOfOthers(
            ScramMechanism mechanism, String salt, String nonceOfTheServer, String proof, String signature) {
        String nonce = "rOprNGfwEbeRWgbNEkqO" + nonceOfTheServer;
        byte[] exchange = ScramMessages.exchange(
                "n=user,r=rOprNGfwEbeRWgbNEkqO", "r=" + nonce + ",s=" + salt + ",i=4096", "c=biws,r=" + nonce);
        Bytes saltBytes = Bytes.of(Base64.getDecoder().decode(salt));
        ScramKeys keys = ScramKeys.derive(mechanism, "pencil".toCharArray(), saltBytes, 4096);
        ScramVerifier verifier = ScramVerifier.of(mechanism, "pencil".toCharArray(), saltBytes, 4096);
        assertThat(keys.proof(exchange)).isEqualTo(Base64.getDecoder().decode(proof));
        assertThat(keys.signature(exchange)).isEqualTo(Base64.getDecoder().decode(signature));
        assertThat(verifier.signature(exchange)).isEqualTo(Base64.getDecoder().decode(signature));
        assertThat(verifier.accepts(Base64.getDecoder().decode(proof), exchange))
                .isTrue();
        assertThat(verifier.accepts(Base64.getDecoder().decode(signature), exchange))
                .isFalse();
    }
}
