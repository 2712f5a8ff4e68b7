package dev.lockstep.protocol.settings;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as they are written in settings and on the command line. Pure. */
public final class Sizes {

    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*(B|KiB|MiB|GiB)?");

    private Sizes() {}

    /** @throws IllegalArgumentException when the text is no number of bytes, saying how one is written */
    public static long parse(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no size such as 64KiB or 16MiB");
        }
        String unit = matcher.group(2) == null ? "B" : matcher.group(2);
        return Long.parseLong(matcher.group(1))
                << (10 * List.of("B", "KiB", "MiB", "GiB").indexOf(unit));
    }
}
