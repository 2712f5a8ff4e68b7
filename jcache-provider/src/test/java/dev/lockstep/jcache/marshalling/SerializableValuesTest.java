package dev.lockstep.jcache.marshalling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Types of the JDK and of Guava, in the JVM that wrote them and in another one. */
class SerializableValuesTest {

    private static Map<String, Object> values() throws Exception {
        Map<String, Object> values = new LinkedHashMap<>(SerializableValues.ofTheJdk());
        values.putAll(SerializableValues.ofGuava());
        return values;
    }

    private static StandardMarshaller marshaller() {
        return new StandardMarshaller(
                "values",
                SerializableValuesTest.class.getClassLoader(),
                Marshallers.ALLOWED,
                new SerialFilter(List.of(), ConcurrentHashMap.newKeySet()));
    }

    @TestFactory
    Stream<DynamicTest> aValueIsReadByTheJvmThatWroteIt() throws Exception {
        assertThat(values()).hasSizeGreaterThan(150);
        return values().entrySet().stream()
                .map(value -> DynamicTest.dynamicTest(value.getKey(), () -> {
                    StandardMarshaller marshaller = marshaller();
                    Object back = marshaller.read(marshaller.write(value.getValue()));
                    assertThat(SerializableValues.same(value.getValue(), back))
                            .as("%s came back as %s", value.getValue(), back)
                            .isTrue();
                }));
    }

    @TestFactory
    Stream<DynamicTest> aKeyIsReadBackEqual() throws Exception {
        return values().entrySet().stream()
                .map(key -> DynamicTest.dynamicTest(key.getKey(), () -> {
                    StandardMarshaller marshaller = marshaller();
                    Object back = marshaller.read(marshaller.writeKey(key.getValue()));
                    assertThat(back.equals(key.getValue()) || SerializableValues.same(key.getValue(), back))
                            .as("%s came back as %s", key.getValue(), back)
                            .isTrue();
                    assertThat(marshaller.writeKey(back)).isEqualTo(marshaller.writeKey(key.getValue()));
                }));
    }

    @Test
    void anotherJvmReadsValuesOfTheJdkAndThoseOfAllowedPackages(@TempDir Path folder) throws Exception {
        Map<String, Object> values = values();
        write(values, folder);
        assertThat(read(folder, "com.google.common.*", SerializableValues.Holder.class.getName()))
                .containsExactlyInAnyOrderElementsOf(
                        values.keySet().stream().map(name -> "read " + name).toList());
    }

    @Test
    void anotherJvmIsToldWhichClassIsNotAllowedInWhichCacheAndWhatToSet(@TempDir Path folder) throws Exception {
        write(values(), folder);
        Set<String> failed = new TreeSet<>();
        for (String line : read(folder)) {
            if (!line.startsWith("read ")) {
                failed.add(line);
            }
        }
        assertThat(failed)
                .anyMatch(line -> line.contains("Cache values")
                        && line.contains("ImmutableList$SerializedForm")
                        && line.contains(
                                Marshallers.ALLOWED + "=com.google.common.collect.ImmutableList$SerializedForm"))
                .allMatch(line -> line.contains(Marshallers.ALLOWED + "=com.google.")
                        || line.contains(Marshallers.ALLOWED + "=" + SerializableValues.Holder.class.getName()));
    }

    private static void write(Map<String, Object> values, Path folder) throws Exception {
        StandardMarshaller marshaller = marshaller();
        for (Map.Entry<String, Object> value : values.entrySet()) {
            Files.write(
                    folder.resolve(value.getKey()),
                    marshaller.write(value.getValue()).array());
        }
    }

    /** Returns the lines of a JVM of its own that reads them all. */
    private static List<String> read(Path folder, String... allowed) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ReadingMain.class.getName(),
                folder.toString()));
        command.addAll(List.of(allowed));
        Process other = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } finally {
            other.destroyForcibly();
        }
    }
}
