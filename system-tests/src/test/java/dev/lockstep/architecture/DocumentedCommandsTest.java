package dev.lockstep.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The reference page of the commands, compared with the scripts and with the options that the programs accept. */
class DocumentedCommandsTest {

    private static final Path ROOT = Path.of("..");
    private static final List<String> SCRIPTS = List.of("lockstep", "lockstep-test", "lockstep-bench");

    /** A command in a script's usage, up to the two spaces before its description. */
    private static final Pattern USAGE = Pattern.compile("(\\./lockstep\\S* .*?)(?: {2,}.*|$)");

    private static final Pattern HEADING = Pattern.compile("### `(.*)`");
    private static final Pattern LABELS = Pattern.compile(" {4}([a-z][a-z |-]*)\\)");
    private static final Pattern MAIN = Pattern.compile("(?<=[ \"])(?:[a-z]\\w*\\.)+[A-Z]\\w*");

    /** Programs that declare no options; their classes are on the scripts' own class paths only. */
    private static final Pattern WITHOUT_OPTIONS = Pattern.compile(
            "dev\\.lockstep\\.(samples|benchmarks|protocol\\.fuzz|cluster\\.planted)\\..*|org\\.openjdk\\..*");

    /** An option or argument in a table of the page. */
    private record Row(String option, String byDefault) {}

    private static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file));
    }

    /** Returns the options that the page gives for each command, as its heading shows it. */
    private static Map<String, List<Row>> documented() throws IOException {
        Map<String, List<Row>> commands = new LinkedHashMap<>();
        List<Row> shared = new ArrayList<>();
        List<Row> rows = shared;
        for (String line : read("docs/reference/commands.md").lines().toList()) {
            Matcher heading = HEADING.matcher(line);
            if (line.startsWith("## ")) {
                shared = new ArrayList<>();
                rows = shared;
            } else if (heading.matches()) {
                rows = new ArrayList<>(shared);
                assertThat(commands.put(heading.group(1), rows)).isNull();
            } else if (line.startsWith("| `")) {
                String[] cells = line.replace("\\|", "¦").split("\\|");
                rows.add(new Row(cells[1].strip().replace("`", ""), cells[2].strip()));
            }
        }
        return commands;
    }

    /** Returns a command's words without its arguments, such as {@code lockstep shard status}. */
    private static String words(String synopsis) {
        return Stream.of(synopsis.substring(2).split(" "))
                .takeWhile(word -> word.matches("[a-z-]+") && !word.startsWith("-"))
                .reduce((left, right) -> left + " " + right)
                .orElseThrow();
    }

    @Test
    void theCommandsAreThoseOfTheScriptsUsages() throws IOException {
        List<String> usages = new ArrayList<>();
        for (String script : SCRIPTS) {
            String text = read(script).replaceFirst("(?s).*<<'TEXT'\n(.*?)\nTEXT\n.*", "$1");
            text.lines()
                    .map(line -> line.replaceFirst("^(usage:| {6}) ", ""))
                    .map(USAGE::matcher)
                    .filter(Matcher::matches)
                    .map(usage -> usage.group(1))
                    .filter(usage -> !usage.endsWith(" help"))
                    .forEach(usages::add);
        }

        assertThat(documented().keySet()).containsExactlyInAnyOrderElementsOf(usages);
    }

    @Test
    void theScriptsHaveNoOtherCommands() throws IOException {
        for (String script : SCRIPTS) {
            assertThat(mains(script).keySet())
                    .as(script)
                    .containsExactlyInAnyOrderElementsOf(documented().keySet().stream()
                            .filter(command -> command.startsWith("./" + script + " "))
                            .map(command -> command.split(" ")[1])
                            .distinct()
                            .toList());
        }
    }

    @Test
    void theOptionsAreThoseThatTheProgramsAccept() throws Exception {
        Map<String, CommandSpec> specs = new TreeMap<>();
        for (String script : SCRIPTS) {
            for (Map.Entry<String, String> main : mains(script).entrySet()) {
                if (!WITHOUT_OPTIONS.matcher(main.getValue()).matches()) {
                    collect(script + " " + main.getKey(), Class.forName(main.getValue()), specs);
                }
            }
        }
        Map<String, List<Row>> documented = new TreeMap<>();
        documented().forEach((synopsis, rows) -> documented.merge(words(synopsis), rows, DocumentedCommandsTest::both));

        assertThat(documented.keySet()).containsAll(specs.keySet());
        documented.forEach((command, rows) -> areThoseOf(specs.get(command), command, rows));
    }

    private static List<Row> both(List<Row> first, List<Row> second) {
        return Stream.concat(first.stream(), second.stream()).distinct().toList();
    }

    /** Returns the main class that a script starts for each command but its help. */
    private static Map<String, String> mains(String script) throws IOException {
        Map<String, String> mains = new TreeMap<>();
        List<String> labels = List.of();
        for (String line : read(script).lines().toList()) {
            Matcher label = LABELS.matcher(line);
            Matcher main = MAIN.matcher(line);
            if (label.matches()) {
                labels = List.of(label.group(1).split(" \\| "));
            } else if (main.find()) {
                labels.forEach(command -> mains.put(command, main.group()));
            }
        }
        return mains;
    }

    /** Adds the commands of a program that declares its options; a command with others below it stands for those. */
    private static void collect(String command, Class<?> main, Map<String, CommandSpec> specs) {
        if (main.isAnnotationPresent(Command.class)) {
            CommandLine line = new CommandLine(main, DocumentedCommandsTest::create);
            String word = command.substring(command.indexOf(' ') + 1);
            CommandLine below = line.getSubcommands().get(word);
            collect(command, below == null ? line : below, specs);
        }
    }

    private static void collect(String command, CommandLine line, Map<String, CommandSpec> specs) {
        boolean doesSomethingItself = line.getCommandSpec().options().stream()
                .anyMatch(option -> !option.usageHelp() && !option.versionHelp());
        if (line.getSubcommands().isEmpty() || doesSomethingItself) {
            specs.put(command, line.getCommandSpec());
        }
        line.getSubcommands().forEach((name, below) -> collect(command + " " + name, below, specs));
    }

    /** Creates a command of which only the options are looked at. */
    private static <T> T create(Class<T> type) throws Exception {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        return type.cast(constructor.newInstance(new Object[constructor.getParameterCount()]));
    }

    private static void areThoseOf(CommandSpec spec, String command, List<Row> rows) {
        Map<String, String> expected = new TreeMap<>();
        if (spec != null) {
            spec.positionalParameters()
                    .forEach(argument -> expected.put(
                            argument.paramLabel().replaceAll("[<>]", "").toUpperCase(Locale.ROOT),
                            argument.required() ? "required" : ""));
            spec.options().stream()
                    .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                    .forEach(option -> expected.put(
                            option.longestName() + (option.arity().max() > 0 ? " VALUE" : ""), byDefault(option)));
        }
        Map<String, String> actual = new TreeMap<>();
        rows.forEach(row -> actual.put(row.option().replaceFirst(" .*", " VALUE"), row.byDefault()));

        assertThat(actual).as(command).isEqualTo(expected);
    }

    private static String byDefault(OptionSpec option) {
        if (option.required() && option.group() == null) {
            return "required";
        }
        return switch (option.longestName()) {
            case "--seed" -> option.group() == null ? "random" : "";
            case "--threads" -> "number of processors";
            default ->
                option.defaultValue() != null
                        ? "`" + option.defaultValue() + "`"
                        : option.initialValue() == null || option.arity().max() == 0 || option.group() != null
                                ? ""
                                : "`" + option.initialValue() + "`";
        };
    }
}
