package dev.lockstep.protocol.settings;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A password as it is configured: {@code file:path} and <code>${NAME}</code> stand for the content of a file and for an
 * environment variable, and are looked up each time it is read, anything else for itself. Prints as the reference, or as stars.
 * Immutable.
 *
 * @param written as it is in the settings
 * @param folder that relative paths start from
 */
public record Secret(String written, Path folder) {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");
    private static final String FILE = "file:";

    /**
     * Returns the secret itself, for the caller to clear.
     *
     * @throws IOException when the file can't be read or the variable is not set, naming it
     */
    public char[] read() throws IOException {
        Matcher variable = VARIABLE.matcher(written);
        if (variable.matches()) {
            String value = System.getenv(variable.group(1));
            if (value == null) {
                throw new IOException("The environment variable " + variable.group(1) + " is not set");
            }
            return value.toCharArray();
        }
        if (written.startsWith(FILE)) {
            Path file = folder.resolve(written.substring(FILE.length()));
            try {
                return Files.readString(file, StandardCharsets.UTF_8)
                        .stripTrailing()
                        .toCharArray();
            } catch (IOException unreadable) {
                throw new IOException("The secret in " + file + " can't be read: " + unreadable, unreadable);
            }
        }
        return written.toCharArray();
    }

    /** Tells whether it only says where the secret is. */
    public boolean isReference() {
        return written.startsWith(FILE) || VARIABLE.matcher(written).matches();
    }

    @Override
    public String toString() {
        return isReference() ? written : "***";
    }
}
