package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The settings on the page about Hibernate, compared with those that are read. */
class DocumentedHibernateSettingsTest {

    private static final String REGION = LockstepSettings.REGION + "<pattern>.";

    /** Returns the default of each property, as the page has it. */
    private static Map<String, String> documented() throws IOException {
        Map<String, String> defaults = new TreeMap<>();
        Files.readAllLines(Path.of("../docs/hibernate.md")).stream()
                .filter(line -> line.startsWith("| `" + LockstepSettings.PREFIX))
                .map(line -> line.split(" *\\| *"))
                .forEach(cells -> defaults.put(cells[1].replace("`", ""), cells[2]));
        return defaults;
    }

    @Test
    void thePageListsEachProperty() throws Exception {
        TreeSet<String> properties = new TreeSet<>();
        for (Field field : LockstepSettings.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                String name = (String) field.get(null);
                if (!name.contains(".")) {
                    properties.add(REGION + name);
                } else if (name.startsWith(LockstepSettings.PREFIX) && !name.endsWith(".")) {
                    properties.add(name);
                }
            }
        }

        assertThat(documented().keySet()).isEqualTo(properties);
    }

    @Test
    void eachPropertyHasTheDefaultThatThePageNames() throws Exception {
        LockstepSettings unset = LockstepSettings.from(Map.of());
        documented().forEach((name, byDefault) -> {
            if (byDefault.matches("`[^`]*`")) {
                assertThat(LockstepSettings.from(Map.of(name, byDefault.replace("`", ""))))
                        .as(name)
                        .isEqualTo(unset);
            }
        });
        assertThat(unset.uri()).isNull();
        assertThat(unset.allowed()).isEmpty();
        assertThat(unset.regions()).isEmpty();
    }
}
