package dev.lockstep.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The metadata of properties that IDEs show. */
class MetadataTest {

    private static final String METADATA = "META-INF/spring-configuration-metadata.json";
    private static final Pattern PROPERTY =
            Pattern.compile("\\{[^{}]*\"name\": \"(lockstep\\.[^\"]*)\"[^{}]*\"description\": \"([^\"]*)\"[^{}]*}");

    private static Map<String, String> descriptions() throws IOException {
        Map<String, String> descriptions = new TreeMap<>();
        for (URL url : Collections.list(MetadataTest.class.getClassLoader().getResources(METADATA))) {
            try (var in = url.openStream()) {
                Matcher property = PROPERTY.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
                while (property.find()) {
                    descriptions.put(property.group(1), property.group(2));
                }
            }
        }
        return descriptions;
    }

    @Test
    void everyPropertyHasADescription() throws Exception {
        Map<String, String> descriptions = descriptions();
        assertThat(descriptions.keySet())
                .containsExactlyInAnyOrder(
                        "lockstep.caches",
                        "lockstep.cluster",
                        "lockstep.config",
                        "lockstep.connect-timeout",
                        "lockstep.on-error",
                        "lockstep.password",
                        "lockstep.routing",
                        "lockstep.serialization.allowed",
                        "lockstep.servers",
                        "lockstep.ssl.bundle",
                        "lockstep.timeout",
                        "lockstep.transaction-aware",
                        "lockstep.username");
        assertThat(descriptions.values()).allMatch(text -> text.length() > 20);
    }

    @Test
    void eachPropertyMayAlsoBeASystemProperty() throws Exception {
        try (var in = MetadataTest.class.getResourceAsStream("/META-INF/lockstep/system-properties")) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines())
                    .containsExactlyElementsOf(descriptions().keySet().stream()
                            .map(name -> name.equals("lockstep.caches") ? name + ".*" : name)
                            .toList());
        }
    }
}
