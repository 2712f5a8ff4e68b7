package dev.lockstep.protocol.fuzz;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** The inputs that are kept for each target: {@code src/test/resources/fuzz/<target>} of the target's module. Stateless. */
public final class Corpus {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private Corpus() {}

    /** The folder, seen from its module. */
    public static Path folder(String target) {
        return Path.of("src", "test", "resources", "fuzz", target);
    }

    /** All inputs that are kept, in the order of their names. */
    public static List<Path> inputs(String target) {
        try (Stream<Path> files = Files.list(folder(target))) {
            return files.sorted().toList();
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }

    public static byte[] read(Path input) {
        try {
            return Files.readAllBytes(input);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** One test for each input. */
    public static Stream<DynamicTest> replay(String target, Consumer<byte[]> fuzz) {
        return inputs(target).stream()
                .map(input -> DynamicTest.dynamicTest(
                        target + "/" + input.getFileName(),
                        input.toUri(),
                        () -> assertTimeoutPreemptively(PATIENCE, () -> fuzz.accept(read(input)))));
    }
}
