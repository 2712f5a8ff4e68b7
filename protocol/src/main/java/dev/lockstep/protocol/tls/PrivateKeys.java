package dev.lockstep.protocol.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Private keys in PEM: PKCS#8 (RFC 5958), encrypted or not, and the older forms of RSA (PKCS#1, RFC 8017) and of elliptic curves
 * (SEC 1, RFC 5915), which the JDK does not read: they become PKCS#8 by what stands around them. Stateless.
 */
final class PrivateKeys {

    private static final Pattern BLOCK = Pattern.compile(
            "-----BEGIN (ENCRYPTED |RSA |EC |)PRIVATE KEY-----(.*?)-----END \\1PRIVATE KEY-----", Pattern.DOTALL);
    private static final HexFormat HEX = HexFormat.of();
    private static final byte[] VERSION_0 = HEX.parseHex("020100");
    private static final byte[] RSA = HEX.parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_PUBLIC_KEY = HEX.parseHex("06072a8648ce3d0201");
    /** The OID of "password-based encryption, as the parameters say" (RFC 8018). */
    private static final String PBES2 = "1.2.840.113549.1.5.13";

    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int PARAMETERS = 0xA0;

    private PrivateKeys() {}

    /**
     * Reads the key in a file.
     *
     * @param algorithm of the key, as of the public key in the certificate
     * @param password null for none
     * @throws IOException when there is no such key, or it can't be decrypted, saying what to do
     */
    static PrivateKey parse(String pem, String algorithm, char @Nullable [] password) throws IOException {
        Matcher block = BLOCK.matcher(pem);
        if (!block.find()) {
            throw new IOException("there is no private key in PEM in it");
        }
        if (block.group(2).contains("ENCRYPTED")) {
            throw new IOException("the key is encrypted in OpenSSL's old format: convert it with openssl pkcs8 -topk8");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(block.group(2));
            KeySpec spec = switch (block.group(1)) {
                case "RSA " -> new PKCS8EncodedKeySpec(sequence(VERSION_0, RSA, tagged(OCTETS, der)));
                case "EC " ->
                    new PKCS8EncodedKeySpec(
                            sequence(VERSION_0, sequence(EC_PUBLIC_KEY, curveOf(der)), tagged(OCTETS, der)));
                case "ENCRYPTED " -> decrypted(der, password);
                default -> new PKCS8EncodedKeySpec(der);
            };
            return KeyFactory.getInstance(algorithm).generatePrivate(spec);
        } catch (InvalidKeySpecException other) {
            throw new IOException("the key is not the one of the certificate, which is for " + algorithm, other);
        } catch (GeneralSecurityException | IllegalArgumentException damaged) {
            throw new IOException("the key can't be read: " + damaged.getMessage(), damaged);
        }
    }

    private static KeySpec decrypted(byte[] der, char @Nullable [] password)
            throws IOException, GeneralSecurityException {
        if (password == null) {
            throw new IOException("the key is encrypted, and there is no \"password\"");
        }
        EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der);
        String named = encrypted.getAlgName();
        String algorithm = named.equals("PBES2") || named.equals(PBES2)
                ? encrypted.getAlgParameters().toString()
                : named;
        PBEKeySpec given = new PBEKeySpec(password);
        try {
            SecretKey key = SecretKeyFactory.getInstance(algorithm).generateSecret(given);
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, key, encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher);
        } catch (InvalidKeySpecException | java.security.InvalidKeyException wrong) {
            throw new IOException("the key can't be decrypted with the password", wrong);
        } finally {
            given.clearPassword();
        }
    }

    /** The name of the curve, from the parameters within the key: version, key, [0] parameters, [1] public key. */
    private static byte[] curveOf(byte[] key) throws IOException {
        try {
            ByteBuffer in = ByteBuffer.wrap(key);
            in.get();
            length(in);
            for (int i = 0; i < 2; i++) {
                in.get();
                int skipped = length(in);
                in.position(in.position() + skipped);
            }
            if (in.hasRemaining() && Byte.toUnsignedInt(in.get()) == PARAMETERS) {
                byte[] name = new byte[length(in)];
                in.get(name);
                return name;
            }
        } catch (RuntimeException damaged) {
            throw new IOException("the key is damaged: " + damaged, damaged);
        }
        throw new IOException("the key does not name its curve: convert it with openssl pkcs8 -topk8 -nocrypt");
    }

    private static int length(ByteBuffer in) {
        int first = Byte.toUnsignedInt(in.get());
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7F); i++) {
            length = length << 8 | Byte.toUnsignedInt(in.get());
        }
        return length;
    }

    private static byte[] sequence(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return tagged(SEQUENCE, all.toByteArray());
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else if (content.length < 0x100) {
            out.write(0x81);
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }
}
