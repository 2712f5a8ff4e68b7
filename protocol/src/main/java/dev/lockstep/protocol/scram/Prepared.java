package dev.lockstep.protocol.scram;

import com.ongres.saslprep.SASLprep;
import java.util.Arrays;

/**
 * Makes names and passwords that look the same the same (SASLprep, RFC 4013), and refuses those with characters that cannot be typed
 * or that Unicode 3.2 does not have. Stateless.
 */
final class Prepared {

    private static final SASLprep SASL = new SASLprep();

    private static final int MAX_PASSWORD = 1024;

    private Prepared() {}

    /** @throws ScramException when it is no name of a user */
    static String user(String name) {
        String prepared = new String(prepare(name.toCharArray(), "The name of a user"));
        if (prepared.length() > ScramVerifier.MAX_USER) {
            throw new ScramException("The name of a user has more than " + ScramVerifier.MAX_USER + " characters");
        }
        return prepared;
    }

    /**
     * Returns the password for the caller to clear.
     *
     * @throws ScramException when it can't be one
     */
    static char[] password(char[] password) {
        if (password.length > MAX_PASSWORD) {
            throw new ScramException("The password has more than " + MAX_PASSWORD + " characters");
        }
        return prepare(password, "The password");
    }

    private static char[] prepare(char[] text, String name) {
        if (isPrintableAscii(text)) {
            // It is prepared as it is, and the library would leave strings of it in the heap.
            return notEmpty(text.clone(), name);
        }
        char[] prepared;
        try {
            prepared = SASL.prepareStored(text);
        } catch (IllegalArgumentException | IndexOutOfBoundsException refused) {
            // The index is that of the first character of a text of which nothing is left.
            throw new ScramException(name
                    + " has characters that SASLprep (RFC 4013) does not allow, such as control characters, or nothing else than"
                    + " invisible ones; use others");
        }
        return notEmpty(prepared, name);
    }

    private static boolean isPrintableAscii(char[] text) {
        for (char one : text) {
            if (one < ' ' || one > '~') {
                return false;
            }
        }
        return true;
    }

    private static char[] notEmpty(char[] text, String name) {
        if (text.length == 0) {
            throw new ScramException(name + " is empty");
        }
        return text;
    }

    static void clear(char[] secret) {
        Arrays.fill(secret, '\0');
    }
}
