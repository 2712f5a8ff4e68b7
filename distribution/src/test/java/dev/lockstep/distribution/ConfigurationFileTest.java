package dev.lockstep.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration in the archive, compared with the page of the settings and with what the reader accepts. */
class ConfigurationFileTest {

    private static final Path FILE = Path.of("src/main/archive/conf/lockstep.yaml");
    private static final Path PAGE = Path.of("../docs/reference/settings.md");

    private static final Pattern LINE = Pattern.compile("( *)(?:- )?(\"[^\"]*\"|[a-z-]+):(?: (.*))?");
    private static final Pattern ROW = Pattern.compile("\\| `([a-z.<>-]+)` \\| [^|]* \\| ([^|]*) \\|.*");

    /** The file with every setting in effect: a comment is a sentence, a setting has no space after its {@code #}. */
    private static String uncommented() throws IOException {
        return Files.readString(FILE).replaceAll("(?m)^( *)#(?=\\S)", "$1");
    }

    /** Returns the value of each setting of the file, by the name that the page has for it. */
    private static Map<String, String> settings() throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        Deque<String> path = new ArrayDeque<>();
        for (String line : uncommented().lines().toList()) {
            Matcher setting = LINE.matcher(line);
            if (setting.matches()) {
                int depth = setting.group(1).length() / 2;
                while (path.size() > Math.min(depth, 2)) {
                    path.removeLast();
                }
                path.addLast(setting.group(2).startsWith("\"") ? "<pattern>" : setting.group(2));
                if (setting.group(3) != null) {
                    settings.put(String.join(".", path), setting.group(3).replace("\"", ""));
                    path.removeLast();
                }
            }
        }
        return settings;
    }

    /** Returns the default of each setting of the page, except for clients. */
    private static Map<String, String> documented() throws IOException {
        Map<String, String> defaults = new LinkedHashMap<>();
        for (String line : Files.readAllLines(PAGE).stream()
                .dropWhile(line -> !line.startsWith("| key |"))
                .takeWhile(line -> line.startsWith("|"))
                .toList()) {
            Matcher row = ROW.matcher(line);
            if (row.matches() && !row.group(1).startsWith("client.")) {
                defaults.put(row.group(1), row.group(2));
            }
        }
        return defaults;
    }

    @Test
    void theFileHasEverySettingOfANode() throws Exception {
        assertThat(settings().keySet())
                .containsExactlyInAnyOrderElementsOf(documented().keySet());
    }

    @Test
    void theFileNamesTheDefaultsOfTheSettingsThatItLeavesOut() throws Exception {
        String effective = Files.readString(FILE);
        Map<String, String> defaults = documented();
        settings().forEach((name, value) -> {
            String documented = defaults.get(name);
            if (!effective.contains("#" + name.substring(name.lastIndexOf('.') + 1) + ":")
                    || !documented.startsWith("`")) {
                return;
            }
            assertThat(documented.split(";")[0]).as(name).isEqualTo("`" + value + "`");
        });
    }

    @Test
    void theFileStartsAClusterOfOneAsItIsAndWithEverySettingInEffect(@TempDir Path home) throws Exception {
        Settings shipped = SettingsReader.fromFile(FILE);
        Settings all = SettingsReader.fromFile(Files.writeString(home.resolve("lockstep.yaml"), uncommented()));

        assertThat(shipped.node()).isPresent();
        assertThat(shipped.members()).hasSize(1);
        assertThat(shipped.caches()).isEmpty();
        assertThat(all.caches()).containsOnlyKeys("session-*");
        assertThat(all.shards()).isEqualTo(shipped.shards());
        assertThat(all.limits())
                .usingRecursiveComparison()
                .ignoringFields("rates", "catchUp.clusterBytes")
                .isEqualTo(shipped.limits());
        assertThat(shipped.limits().rates().isLimited()).isFalse();
        assertThat(all.limits().rates().isLimited()).isTrue();
        assertThat(shipped.limits().catchUp().clusterBytes()).isZero();
        assertThat(all.limits().catchUp().clusterBytes()).isPositive();
    }
}
