package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.fuzz.Allocation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A configuration file: it is read, or refused with file, line and column. */
public final class SettingsFuzz {

    private static final long FIXED_BYTES = 2 * 1024 * 1024;
    private static final int BYTES_A_BYTE = 2_048;
    private static final Pattern PLACE =
            Pattern.compile("fuzzed\\.yaml(:\\d+:\\d+: .+| is no valid YAML: .+)", Pattern.DOTALL);

    private SettingsFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        try {
            Allocation.atMost(
                    FIXED_BYTES + (long) BYTES_A_BYTE * input.length,
                    () -> SettingsReader.parse("fuzzed.yaml", text, Path.of("home")));
        } catch (SettingsException refused) {
            if (!PLACE.matcher(String.valueOf(refused.getMessage())).matches()) {
                throw new AssertionError("It is not said where", refused);
            }
        }
    }
}
