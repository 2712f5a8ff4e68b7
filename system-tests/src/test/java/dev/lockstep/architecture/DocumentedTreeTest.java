package dev.lockstep.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of packages and classes, and links, in the documentation, compared with the tree. */
class DocumentedTreeTest {

    private static final Path ROOT = Path.of("..");

    /** A package, or a class with its package, as the documents write it: without {@code dev.lockstep}. */
    private static final Pattern NAME = Pattern.compile("`((?:[a-z][a-z0-9]*\\.)*[a-z][a-z0-9]*)(\\.[A-Z]\\w+)?`");

    /** A class, alone or with a member, as in {@code `Node.stop`}. */
    private static final Pattern CLASS = Pattern.compile("`([A-Z][a-z]\\w*)(?:[.(][^`\n]*)?`");

    private static final Pattern PARTICIPANT = Pattern.compile("participant \\w+ as ([A-Z][a-z]\\w*)");

    private static final Pattern DECLARATION = Pattern.compile("\\b(?:class|interface|enum|record) (\\w+)");

    private static final Pattern CODE = Pattern.compile("`[^`\n]+`");

    /** A link within the repository: a path, a heading of its page, or both. */
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");

    /** Modules whose packages users and contributors look for; the others hold programs and measurements. */
    private static final List<String> MODULES = List.of(
            "protocol",
            "jcache-provider",
            "cluster-node",
            "test-support",
            "cli",
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
        List<String> names = CODE.matcher(Files.readString(ROOT.resolve("docs/seed-map.md")))
                .results()
                .map(MatchResult::group)
                .toList();

        assertThat(names).isNotEmpty().allSatisfy(text -> {
            Matcher name = NAME.matcher(text);
            assertThat(name.matches()).as(text).isTrue();
            assertThat(packages).contains(name.group(1));
            if (name.group(2) != null) {
                assertThat(sources(name.group(1).replace('.', '/') + "/"
                                + name.group(2).substring(1) + ".java"))
                        .as(text)
                        .isNotEmpty();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs/architecture.md", "docs/testing.md"})
    void theClassesThatAPageAboutTheCodeNamesExist(String page) throws IOException {
        Set<String> types = new TreeSet<>();
        try (Stream<Path> files = Files.find(ROOT, 20, (file, attributes) -> isSource(file))) {
            for (Path file : files.toList()) {
                DECLARATION.matcher(Files.readString(file)).results().forEach(type -> types.add(type.group(1)));
            }
        }

        String text = Files.readString(ROOT.resolve(page));
        assertThat(Stream.of(CLASS, PARTICIPANT)
                        .flatMap(pattern -> pattern.matcher(text).results())
                        .map(name -> name.group(1)))
                .isNotEmpty()
                .isSubsetOf(types);
    }

    private static boolean isSource(Path file) {
        String path = file.toString().replace('\\', '/');
        return path.endsWith(".java") && path.contains("/src/") && !path.contains("/target/");
    }

    @Test
    void theLinksBetweenThePagesLeadToPagesAndHeadingsThatExist() throws IOException {
        List<Path> pages;
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            pages = Stream.concat(
                            files,
                            Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md")
                                    .map(ROOT::resolve))
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList();
        }
        for (Path page : pages) {
            for (MatchResult link :
                    LINK.matcher(Files.readString(page)).results().toList()) {
                Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
                assertThat(target).as(page + ": " + link.group()).exists();
                if (link.group(2) != null) {
                    assertThat(anchors(target)).as(page + ": " + link.group()).contains(link.group(2));
                }
            }
        }
    }

    /** Returns the anchors of a page's headings, as GitHub makes them. */
    private static List<String> anchors(Path page) throws IOException {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .toList();
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
