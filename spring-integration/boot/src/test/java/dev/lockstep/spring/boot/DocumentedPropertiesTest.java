package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.settings.SettingsReader;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.springframework.util.unit.DataSize;

/** The reference page of the properties, compared with the metadata that IDEs show. */
class DocumentedPropertiesTest {

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";
    private static final String TEMPLATES = "lockstep.caches";

    /** The type and the default of a property. */
    private record Property(String type, String byDefault) {}

    private static Map<String, Property> documented() throws IOException {
        return Files.readAllLines(Path.of("../../docs/reference/spring-properties.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split(" *\\| *"))
                .collect(Collectors.toMap(
                        cells -> cells[1].replace("`", ""),
                        cells -> new Property(cells[2].replace("`", ""), cells[3].replace("`", "")),
                        (first, second) -> first,
                        TreeMap::new));
    }

    private static Map<String, Property> declared() throws IOException, ClassNotFoundException {
        Map<String, Property> properties = new TreeMap<>();
        for (URL url :
                Collections.list(DocumentedPropertiesTest.class.getClassLoader().getResources(METADATA))) {
            try (var in = url.openStream()) {
                String json = new String(in.readAllBytes(), StandardCharsets.UTF_8); // which is YAML, too
                Map<?, ?> metadata = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(json);
                for (Object property : (List<?>) metadata.get("properties")) {
                    add((Map<?, ?>) property, properties);
                }
            }
        }
        return properties;
    }

    private static void add(Map<?, ?> property, Map<String, Property> properties) throws ClassNotFoundException {
        String name = String.valueOf(property.get("name"));
        if (name.equals(TEMPLATES)) {
            for (RecordComponent component : LockstepProperties.Template.class.getRecordComponents()) {
                properties.put(
                        TEMPLATES + "[<pattern>]." + hyphenated(component.getName()),
                        new Property(type(component.getType()), "none"));
            }
        } else if (name.startsWith("lockstep.") || name.contains(".lockstep.")) {
            Class<?> type = Class.forName(String.valueOf(property.get("type")).replaceFirst("<.*", ""));
            Object byDefault = property.get("defaultValue");
            properties.put(name, new Property(type(type), byDefault == null ? assumed(name) : byDefault.toString()));
        }
    }

    private static String hyphenated(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String type(Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant ->
                            ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .collect(Collectors.joining(", "));
        }
        return Map.of(
                        List.class, "list",
                        String.class, "text",
                        Duration.class, "duration",
                        Boolean.class, "true or false",
                        Long.class, "number",
                        DataSize.class, "size")
                .get(type);
    }

    /** Returns what the settings have by default where the properties leave it to them. */
    private static String assumed(String name) {
        URI client = URI.create("lockstep://127.0.0.1:1");
        var settings = SettingsReader.fromUri(client, DocumentedPropertiesTest.class.getClassLoader());
        return switch (name) {
            case "lockstep.cluster" -> settings.cluster();
            case "lockstep.timeout" -> inSeconds(settings.client().timeout());
            case "lockstep.connect-timeout" -> inSeconds(settings.client().connectTimeout());
            case "lockstep.routing" -> settings.client().routing().name().toLowerCase(Locale.ROOT);
            default -> "none";
        };
    }

    private static String inSeconds(Duration duration) {
        return duration.toSeconds() + "s";
    }

    @Test
    void thePageListsEachPropertyWithItsTypeAndDefault() throws Exception {
        assertThat(documented()).isEqualTo(declared());
    }
}
