package dev.lockstep.cluster.history;

import dev.lockstep.protocol.wire.Consistency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Histories as text, a call a line: {@code invoked responded client key consistency operation arguments… = outcome}. Absent is
 * {@code -}, outcomes that are none are {@code !failed} and {@code !unknown}; {@code vanish key after} says that a key's values
 * may vanish; what follows {@code #} is a comment. Stateless.
 */
public final class HistoryText {

    private HistoryText() {}

    public static void save(History history, Path file) throws IOException {
        Files.writeString(file, write(history));
    }

    /** @throws IllegalArgumentException naming the line that is wrong */
    public static History load(Path file) throws IOException {
        return read(Files.readString(file));
    }

    public static String write(History history) {
        StringBuilder text = new StringBuilder("# lockstep history 1\n");
        history.vanishing()
                .forEach((key, after) -> text.append("vanish ")
                        .append(key)
                        .append(' ')
                        .append(after)
                        .append('\n'));
        history.calls().forEach(call -> text.append(line(call)).append('\n'));
        return text.toString();
    }

    /** @throws IllegalArgumentException naming the line that is wrong */
    public static History read(String text) {
        List<Call> calls = new ArrayList<>();
        Map<String, Long> vanishing = new HashMap<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String said = line.replaceFirst("#.*", "").strip();
            try {
                if (said.startsWith("vanish ")) {
                    String[] words = said.split(" +");
                    vanishing.put(words[1], Long.parseLong(words[2]));
                } else if (!said.isEmpty()) {
                    calls.add(call(said.split(" +")));
                }
            } catch (IllegalArgumentException | IndexOutOfBoundsException wrong) {
                throw new IllegalArgumentException("Line " + number + " is no call: " + line, wrong);
            }
        }
        return new History(calls, vanishing);
    }

    static String line(Call call) {
        Operation operation = call.operation();
        StringBuilder line = new StringBuilder()
                .append(call.invoked())
                .append(' ')
                .append(call.responded())
                .append(' ')
                .append(call.client())
                .append(' ')
                .append(call.key())
                .append(' ')
                .append(call.consistency().name().toLowerCase(Locale.ROOT))
                .append(' ')
                .append(name(operation));
        for (int i = 0; i < arguments(operation).size(); i++) {
            line.append(' ').append(value(arguments(operation).get(i)));
        }
        return line.append(" = ").append(outcome(call.outcome())).toString();
    }

    private static String value(@Nullable String value) {
        return value == null ? "-" : value;
    }

    private static @Nullable String value(List<String> words, int index) {
        String word = words.get(index);
        return word.equals("-") ? null : word;
    }

    private static String present(List<String> words, int index) {
        String word = value(words, index);
        if (word == null) {
            throw new IllegalArgumentException("A value is missing");
        }
        return word;
    }

    static String outcome(Outcome outcome) {
        if (outcome instanceof Outcome.Value read) {
            return value(read.value());
        }
        if (outcome instanceof Outcome.Flag flag) {
            return Boolean.toString(flag.value());
        }
        return outcome == Outcome.DONE ? "done" : outcome == Outcome.FAILED ? "!failed" : "!unknown";
    }

    private static String name(Operation operation) {
        String name = operation.getClass().getSimpleName();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    private static List<@Nullable String> arguments(Operation operation) {
        List<@Nullable String> arguments = new ArrayList<>();
        if (Call.expected(operation) != null || operation instanceof Operation.CompareAndSet) {
            arguments.add(Call.expected(operation));
        }
        if (operation.written() != null || operation instanceof Operation.CompareAndSet) {
            arguments.add(operation.written());
        }
        return arguments;
    }

    private static Call call(String[] line) {
        List<String> words = List.of(line);
        if (!words.get(words.size() - 2).equals("=")) {
            throw new IllegalArgumentException("Outcome missing");
        }
        Operation operation = operation(words.get(5), words.subList(6, words.size() - 2));
        return new Call(
                words.get(2),
                words.get(3),
                Consistency.valueOf(words.get(4).toUpperCase(Locale.ROOT)),
                operation,
                Long.parseLong(words.get(0)),
                Long.parseLong(words.get(1)),
                outcome(operation.answer(), words.get(words.size() - 1)));
    }

    private static Outcome outcome(Operation.Answer answer, String word) {
        if (word.equals("!failed")) {
            return Outcome.FAILED;
        }
        if (word.equals("!unknown")) {
            return Outcome.UNKNOWN;
        }
        return switch (answer) {
            case NOTHING -> Outcome.DONE;
            case FLAG -> Outcome.of(word.equals("true"));
            case VALUE -> Outcome.of(value(List.of(word), 0));
        };
    }

    private static Operation operation(String name, List<String> arguments) {
        return switch (name) {
            case "get" -> new Operation.Get();
            case "containsKey" -> new Operation.ContainsKey();
            case "put" -> new Operation.Put(present(arguments, 0));
            case "getAndPut" -> new Operation.GetAndPut(present(arguments, 0));
            case "putIfAbsent" -> new Operation.PutIfAbsent(present(arguments, 0));
            case "remove" -> new Operation.Remove();
            case "removeIf" -> new Operation.RemoveIf(present(arguments, 0));
            case "getAndRemove" -> new Operation.GetAndRemove();
            case "replace" -> new Operation.Replace(present(arguments, 0));
            case "replaceIf" -> new Operation.ReplaceIf(present(arguments, 0), present(arguments, 1));
            case "getAndReplace" -> new Operation.GetAndReplace(present(arguments, 0));
            case "swap" -> new Operation.Swap(present(arguments, 0));
            case "compareAndSet" -> new Operation.CompareAndSet(value(arguments, 0), value(arguments, 1));
            case "erase" -> new Operation.Erase();
            case "touch" -> new Operation.Touch();
            default -> throw new IllegalArgumentException("There is no operation " + name);
        };
    }
}
