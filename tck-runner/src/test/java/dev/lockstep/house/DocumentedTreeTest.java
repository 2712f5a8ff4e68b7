package dev.lockstep.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Names of packages and classes in the documentation, compared with the tree. */
class DocumentedTreeTest {

    private static final Path ROOT = Path.of("..");

    /** A package, or a class with its package, as the documents write it: without {@code dev.lockstep}. */
    private static final Pattern NAME = Pattern.compile("`((?:[a-z][a-z0-9]*\\.)*[a-z][a-z0-9]*)(\\.[A-Z]\\w+)?`");

    /** Modules whose packages users and contributors look for; the others hold programs and measurements. */
    private static final List<String> MODULES = List.of(
            "protocol",
            "jcache-provider",
            "cluster-node",
            "spring-integration/spring",
            "spring-integration/boot",
            "spring-integration/boot3",
            "hibernate-integration");

    @Test
    void theTableOfPackagesInTheArchitectureIsThatOfTheTree() throws IOException {
        Set<String> documented = Files.readAllLines(ROOT.resolve("docs/architecture.md")).stream()
                .dropWhile(line -> !line.startsWith("| package |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\|")[1])
                .flatMap(cell -> NAME.matcher(cell).results().map(name -> name.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(documented).isEqualTo(packages());
    }

    @Test
    void theSeedMapNamesOnlyPackagesAndClassesThatExist() throws IOException {
        Set<String> packages = packages();
        List<MatchResult> names = NAME.matcher(Files.readString(ROOT.resolve("docs/seed-map.md")))
                .results()
                .filter(name -> name.group(1).contains(".") || name.group(2) != null)
                .toList();

        assertThat(names).isNotEmpty().allSatisfy(name -> {
            assertThat(packages).contains(name.group(1));
            if (name.group(2) != null) {
                assertThat(sources(name.group(1).replace('.', '/') + "/"
                                + name.group(2).substring(1) + ".java"))
                        .as(name.group())
                        .isNotEmpty();
            }
        });
    }

    private static Set<String> packages() throws IOException {
        return sources("").stream()
                .flatMap(DocumentedTreeTest::below)
                .filter(file -> file.endsWith("package-info.java"))
                .map(file -> file.getParent().toString().replace('/', '.').replace('\\', '.'))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Finds a path below {@code dev/lockstep} in the sources of every module that has it. */
    private static List<Path> sources(String path) {
        return MODULES.stream()
                .map(module -> ROOT.resolve(module)
                        .resolve("src/main/java/dev/lockstep")
                        .resolve(path))
                .filter(Files::exists)
                .toList();
    }

    private static Stream<Path> below(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(folder::relativize).toList().stream();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
