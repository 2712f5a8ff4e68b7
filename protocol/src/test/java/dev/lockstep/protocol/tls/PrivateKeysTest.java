package dev.lockstep.protocol.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.interfaces.ECPrivateKey;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Keys that openssl wrote, in all its forms. */
class PrivateKeysTest {

    private static String pem(String name) throws IOException {
        try (InputStream in = PrivateKeysTest.class.getResourceAsStream(name + ".pem")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] key(String name, String algorithm, @Nullable String password) throws IOException {
        return PrivateKeys.parse(pem(name), algorithm, password == null ? null : password.toCharArray())
                .getEncoded();
    }

    private static BigInteger number(String name) throws IOException {
        return ((ECPrivateKey) PrivateKeys.parse(pem(name), "EC", null)).getS();
    }

    @Test
    void allFormsOfAKeyAreTheSameKey() throws IOException {
        byte[] rsa = key("rsa-pkcs8", "RSA", null);
        assertThat(key("rsa-pkcs1", "RSA", null)).isEqualTo(rsa);
        assertThat(key("rsa-pkcs8-encrypted", "RSA", "changeit")).isEqualTo(rsa);
        // What is encoded beside the number differs.
        assertThat(number("ec-sec1")).isEqualTo(number("ec-pkcs8"));
        assertThat(key("ed25519-pkcs8", "Ed25519", null)).isNotEmpty();
    }

    @Test
    void aKeyThatCantBeDecryptedSaysWhy() {
        assertThatThrownBy(() -> key("rsa-pkcs8-encrypted", "RSA", "wrong"))
                .isInstanceOf(IOException.class)
                .hasMessage("the key can't be decrypted with the password");
        assertThatThrownBy(() -> key("rsa-pkcs8-encrypted", "RSA", null))
                .isInstanceOf(IOException.class)
                .hasMessage("the key is encrypted, and there is no \"password\"");
        assertThatThrownBy(() -> key("rsa-pkcs1-encrypted", "RSA", "changeit"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("openssl pkcs8 -topk8");
    }

    @Test
    void aKeyOfAnotherKindIsRefused() {
        assertThatThrownBy(() -> key("rsa-pkcs8", "EC", null))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not the one of the certificate, which is for EC");
    }

    @Test
    void damageIsRefused() throws IOException {
        assertThatThrownBy(() -> PrivateKeys.parse("no key", "RSA", null))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no private key in PEM in it");
        String[] names = {"rsa-pkcs1", "ec-sec1", "rsa-pkcs8", "rsa-pkcs8-encrypted"};
        for (String name : names) {
            String whole = pem(name);
            int middle = whole.lastIndexOf("-----END") / 2;
            String cut = whole.substring(0, middle) + whole.substring(middle + 24);
            assertThatThrownBy(() ->
                            PrivateKeys.parse(cut, name.startsWith("ec") ? "EC" : "RSA", "changeit".toCharArray()))
                    .as(name)
                    .isInstanceOf(IOException.class);
        }
    }
}
