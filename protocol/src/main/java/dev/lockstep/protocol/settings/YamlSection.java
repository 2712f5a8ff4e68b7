package dev.lockstep.protocol.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * One mapping of a YAML file. Each value is asked for by key and type; whatever does not fit is refused with file, line and
 * column. Not thread-safe.
 */
final class YamlSection {

    private static final int MAX_DEPTH = 16;

    private final String source;
    private final @Nullable Node node;
    private final Map<String, Node> values;

    private YamlSection(String source, @Nullable Node node, Map<String, Node> values) {
        this.source = source;
        this.node = node;
        this.values = values;
    }

    /** @param source the file's name, for messages */
    static YamlSection parse(String source, String yaml) {
        return parse(source, yaml, true);
    }

    /** Parses as {@link #parse(String, String)} does, but generated text: its lines and columns would mean nothing. */
    static YamlSection generated(String source, String yaml) {
        return parse(source, yaml, false);
    }

    private static YamlSection parse(String source, String yaml, boolean written) {
        try {
            LoadSettings settings =
                    LoadSettings.builder().setLabel(source).setUseMarks(written).build();
            checkDepth(source, new Parse(settings).parseString(yaml));
            Optional<Node> root = new Compose(settings).composeString(yaml);
            return root.map(node -> of(source, "", node)).orElseGet(() -> new YamlSection(source, null, Map.of()));
        } catch (YamlEngineException | IllegalArgumentException malformed) {
            // The library has a type for what is malformed, and checks some tags without it.
            throw new SettingsException(source + " is no valid YAML: " + malformed.getMessage());
        }
    }

    /** Nodes are composed recursively, events are not: what is nested without end is refused before it takes the stack. */
    private static void checkDepth(String source, Iterable<Event> events) {
        int depth = 0;
        for (Event event : events) {
            if (event instanceof CollectionStartEvent && ++depth > MAX_DEPTH) {
                throw refused(source, event.getStartMark(), "this is nested more than " + MAX_DEPTH + " deep");
            } else if (event instanceof CollectionEndEvent) {
                depth--;
            }
        }
    }

    private static YamlSection of(String source, String of, Node node) {
        if (!(node instanceof MappingNode mapping)) {
            String instead = node instanceof ScalarNode scalar ? ", not \"" + scalar.getValue() + "\"" : "";
            throw refused(
                    source,
                    node,
                    of.isEmpty()
                            ? "expected keys and values here" + instead
                            : "\"" + of + "\" takes keys and values" + instead);
        }
        Map<String, Node> values = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw refused(source, tuple.getKeyNode(), "a key must be a word");
            }
            if (values.put(key.getValue(), tuple.getValueNode()) != null) {
                throw refused(source, key, "\"" + key.getValue() + "\" is given twice");
            }
        }
        return new YamlSection(source, node, values);
    }

    /** Refuses every key that is not one of these, naming the nearest that is. */
    YamlSection allow(String... keys) {
        Set<String> known = Set.of(keys);
        values.forEach((key, value) -> {
            if (!known.contains(key)) {
                throw refused(
                        source,
                        value,
                        "unknown key \"" + key + "\"; did you mean \"" + Spelling.nearest(key, List.of(keys))
                                + "\"? Known here: " + String.join(", ", keys));
            }
        });
        return this;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    Iterable<String> keys() {
        return values.keySet();
    }

    YamlSection section(String key) {
        Node value = values.get(key);
        return value == null ? new YamlSection(source, node, Map.of()) : of(source, key, value);
    }

    List<YamlSection> sections(String key) {
        return elements(key).stream().map(element -> of(source, key, element)).toList();
    }

    List<String> strings(String key) {
        return elements(key).stream().map(element -> scalar(key, element)).toList();
    }

    private List<Node> elements(String key) {
        Node value = values.get(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof SequenceNode sequence)) {
            throw refused(source, value, "\"" + key + "\" must be a list");
        }
        return new ArrayList<>(sequence.getValue());
    }

    String string(String key, String byDefault) {
        Node value = values.get(key);
        return value == null ? byDefault : scalar(key, value);
    }

    String required(String key) {
        if (!has(key)) {
            throw refused(source, node, "\"" + key + "\" is missing");
        }
        return string(key, "");
    }

    long number(String key, long byDefault, long min, long max) {
        if (!has(key)) {
            return byDefault;
        }
        String text = required(key);
        try {
            return within(key, Long.parseLong(text.replace("_", "")), min, max);
        } catch (NumberFormatException noNumber) {
            throw refuse(key, "\"" + text + "\" is no whole number");
        }
    }

    boolean flag(String key, boolean byDefault) {
        String text = string(key, Boolean.toString(byDefault));
        if (!text.equals("true") && !text.equals("false")) {
            throw refuse(key, "\"" + text + "\" is neither true nor false");
        }
        return text.equals("true");
    }

    /** One of two constants, written in lower case. */
    <E extends Enum<E>> Optional<E> choice(String key, E one, E other) {
        if (!has(key)) {
            return Optional.empty();
        }
        String text = required(key);
        if (text.equals(written(one))) {
            return Optional.of(one);
        }
        if (text.equals(written(other))) {
            return Optional.of(other);
        }
        throw refuse(key, "\"" + text + "\" is neither " + written(one) + " nor " + written(other));
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    Duration duration(String key, Duration byDefault) {
        return optionalDuration(key).orElse(byDefault);
    }

    Optional<Duration> optionalDuration(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        try {
            Duration duration = Durations.parse(required(key));
            within(key, duration.toMillis(), 1, Long.MAX_VALUE);
            return Optional.of(duration);
        } catch (IllegalArgumentException none) {
            throw refuse(key, String.valueOf(none.getMessage()));
        }
    }

    long size(String key, long byDefault, long min, long max) {
        if (!has(key)) {
            return byDefault;
        }
        try {
            return within(key, Sizes.parse(required(key)), min, max);
        } catch (IllegalArgumentException wrong) {
            throw refuse(key, String.valueOf(wrong.getMessage()));
        }
    }

    private long within(String key, long value, long min, long max) {
        if (value < min || value > max) {
            throw refuse(key, value + " is out of range: " + min + " to " + max);
        }
        return value;
    }

    /** The place of a key's value, as file and line; just the file if that has no lines, or the key is not there. */
    String place(String key) {
        Node value = values.get(key);
        return source
                + (value == null ? Optional.<Mark>empty() : value.getStartMark())
                        .map(mark -> ":" + (mark.getLine() + 1))
                        .orElse("");
    }

    /** The exception for a value that can't be used. */
    SettingsException refuse(String key, String why) {
        return refused(source, values.getOrDefault(key, node), "\"" + key + "\": " + why);
    }

    private String scalar(String key, Node value) {
        if (value instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw refused(source, value, "\"" + key + "\" must be a single value");
    }

    private static SettingsException refused(String source, @Nullable Node node, String why) {
        return refused(source, node == null ? Optional.empty() : node.getStartMark(), why);
    }

    private static SettingsException refused(String source, Optional<Mark> place, String why) {
        String where = place.map(mark -> ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
                .orElse("");
        return new SettingsException(source + where + ": " + why);
    }
}
