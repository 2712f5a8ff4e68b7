package dev.lockstep.protocol.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference page of the settings, compared with what the reader accepts, refuses and assumes. */
class DocumentedSettingsTest {

    private static final Pattern CODE = Pattern.compile("`([^`]*)`");
    private static final String PATTERN = "<pattern>";
    /** Keys of {@code client} that stand together or not at all. */
    private static final Map<String, String> LOGIN = Map.of("user", "ada", "password", "file:ada");

    /** A key as the page describes it, such as {@code node.store}. */
    record Key(String name, String type, String byDefault, List<String> bounds) {

        static Key of(String row) {
            String[] cells = row.split(" *\\| *");
            return new Key(code(cells[1]).get(0), cells[2], cells[3], code(cells[4]));
        }

        String last() {
            return name.substring(name.lastIndexOf('.') + 1);
        }

        /** Values of the documented type and within the documented bounds. */
        List<Object> accepted() {
            return switch (type) {
                case "number", "size", "size or percentage", "one of" -> List.copyOf(bounds);
                case "duration" ->
                    Stream.concat(bounds.stream(), Stream.of("1ms", "7d"))
                            .<Object>map(value -> value)
                            .toList();
                case "true or false" -> List.of("true", "false");
                case "text" -> List.of("n2");
                case "path" -> List.of("elsewhere");
                case "host:port" -> List.of("127.0.0.1:9");
                case "list of text" -> List.of(List.of("n2"));
                case "list of host:port" -> List.of(List.of("127.0.0.1:9"));
                default -> throw new AssertionError("unknown type \"" + type + "\" of " + name);
            };
        }

        /** Values of another type, or just outside the bounds. */
        List<String> refused() {
            return switch (type) {
                case "number" ->
                    List.of(
                            "many",
                            Long.toString(Long.parseLong(bounds.get(0)) - 1),
                            Long.toString(Long.parseLong(bounds.get(1)) + 1));
                case "size" -> List.of("big", (bytes(bounds.get(0)) - 1) + "B", (bytes(bounds.get(1)) + 1) + "B");
                case "size or percentage" ->
                    List.of("big", (bytes(bounds.get(0)) - 1) + "B", "0%", (percent(bounds.get(2)) + 1) + "%");
                case "duration" -> List.of("soon", "5", "0ms");
                case "one of", "true or false" -> List.of("other");
                case "host:port", "list of host:port" -> List.of("nowhere");
                default -> List.of();
            };
        }

        private static long bytes(String size) {
            return Sizes.parse(size);
        }

        private static int percent(String share) {
            return Integer.parseInt(share.replace("%", ""));
        }
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/reference/settings.md"));
    }

    private static List<String> rows(String header) throws IOException {
        return page().lines()
                .dropWhile(line -> !line.startsWith(header))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .toList();
    }

    static List<Key> keys() throws IOException {
        return rows("| key |").stream().map(Key::of).toList();
    }

    private static Key key(String name) throws IOException {
        return keys().stream()
                .filter(key -> key.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> code(String cell) {
        return CODE.matcher(cell).results().map(span -> span.group(1)).toList();
    }

    /** The least configuration in which a key may stand. */
    private static Map<String, Object> leastFor(String key) {
        Map<String, Object> root = new LinkedHashMap<>();
        List<Object> members = new ArrayList<>();
        if (key.startsWith("members.") || key.startsWith("node.")) {
            members.add(new LinkedHashMap<>(Map.of("id", "n1", "address", "127.0.0.1:1")));
            root.put("members", members);
        }
        if (key.startsWith("node.")) {
            members.add(Map.of("id", "n2", "address", "127.0.0.1:2"));
            root.put("node", new LinkedHashMap<>(Map.of("id", "n1")));
        } else if (key.startsWith("tls.")) {
            root.put("tls", new LinkedHashMap<>());
        } else if (key.startsWith("caches.")) {
            root.put("caches", new LinkedHashMap<>(Map.of(PATTERN, new LinkedHashMap<>())));
        }
        return root;
    }

    /** The section of a configuration in which a key stands. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> sectionOf(Map<String, Object> root, String key) {
        Map<String, Object> section = root;
        for (String name : key.split("\\.")) {
            if (key.endsWith("." + name) || key.equals(name)) {
                break;
            }
            Object inner = section.computeIfAbsent(name, none -> new LinkedHashMap<>());
            section = (Map<String, Object>) (inner instanceof List<?> members ? members.get(0) : inner);
        }
        return section;
    }

    private static Settings with(String key, Object value) {
        Map<String, Object> root = leastFor(key);
        if (LOGIN.containsKey(key.replace("client.", ""))) {
            root.put("tls", new LinkedHashMap<>());
            sectionOf(root, key).putAll(LOGIN);
        }
        sectionOf(root, key).put(key.substring(key.lastIndexOf('.') + 1), value);
        return read(root);
    }

    private static Settings without(String key) {
        Map<String, Object> root = leastFor(key);
        sectionOf(root, key).remove(key.substring(key.lastIndexOf('.') + 1));
        return read(root);
    }

    private static Settings read(Map<String, Object> root) {
        return SettingsReader.parse("lockstep.yaml", yaml(root), Path.of("home"))
                .withoutPlaces();
    }

    private static String yaml(Object value) {
        if (value instanceof Map<?, ?> section) {
            return section.entrySet().stream()
                    .map(entry -> "\"" + entry.getKey() + "\": " + yaml(entry.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        return value instanceof List<?> list
                ? list.stream().map(DocumentedSettingsTest::yaml).collect(Collectors.joining(", ", "[", "]"))
                : "\"" + value + "\"";
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "node.", "members.", "limits.", "client.", "tls.", "caches." + PATTERN + "."})
    void thePageListsTheKeysOfEachSection(String section) throws Exception {
        String refusal = catchThrowableOfType(SettingsException.class, () -> with(section + "no-such-key", "1"))
                .getMessage();

        assertThat(refusal.replaceFirst("(?s).*Known here: ", "").split(", "))
                .containsExactlyInAnyOrderElementsOf(keys().stream()
                        .map(Key::name)
                        .filter(name -> name.startsWith(section))
                        .map(name -> name.substring(section.length()).replaceFirst("\\..*", ""))
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @MethodSource("keys")
    void aKeyTakesValuesOfItsTypeWithinItsBounds(Key key) {
        Set<Settings> settings = new HashSet<>();
        settings.add(read(leastFor(key.name())));
        key.accepted().forEach(value -> settings.add(with(key.name(), value)));

        assertThat(settings).as("the value makes a difference").hasSizeGreaterThan(1);
    }

    @ParameterizedTest
    @MethodSource("keys")
    void aKeyRefusesValuesOfAnotherTypeOrOutOfItsBounds(Key key) {
        for (String value : key.refused()) {
            assertThatThrownBy(() -> with(key.name(), value))
                    .as(value)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("\"" + key.last() + "\"");
        }
    }

    @ParameterizedTest
    @MethodSource("keys")
    void aKeyHasItsDefault(Key key) throws Exception {
        if (key.byDefault().equals("required")) {
            assertThatThrownBy(() -> without(key.name())).hasMessageContaining("\"" + key.last() + "\" is missing");
        } else if (key.byDefault().startsWith("`")) {
            assertThat(with(key.name(), code(key.byDefault()).get(0))).isEqualTo(without(key.name()));
        } else if (key.byDefault().startsWith("as `")) {
            assertThat(with(
                            key.name(),
                            code(key(code(key.byDefault()).get(0)).byDefault()).get(0)))
                    .isEqualTo(without(key.name()));
        } else {
            assertThat(key.byDefault()).isEqualTo("none");
            assertThat(without(key.name()).toString())
                    .containsAnyOf(
                            key.last() + "=[]",
                            key.last() + "=,",
                            key.last() + "=Optional.empty",
                            key.last() + " none",
                            PATTERN + "={}");
        }
    }

    @Test
    void thePageListsTheFormsOfUris() throws Exception {
        String refusal = catchThrowableOfType(
                        SettingsException.class,
                        () -> SettingsReader.fromUri(
                                URI.create("http://a"), getClass().getClassLoader()))
                .getMessage();

        assertThat(rows("| URI |").stream().map(row -> code(row).get(0)))
                .containsExactly(refusal.replaceFirst(".*There are ", "").split(", | and "));
    }
}
