package dev.lockstep.cluster.json;

import java.util.List;
import java.util.stream.Collectors;

/** Writes objects of texts, numbers, booleans and lists of these (RFC 8259). Stateless. */
public final class Json {

    private Json() {}

    /** An object in another. */
    public record Nested(String json) {

        @Override
        public String toString() {
            return json;
        }
    }

    /** @param fields names and values in turn */
    public static String object(Object... fields) {
        StringBuilder out = new StringBuilder("{");
        for (int i = 0; i < fields.length; i += 2) {
            out.append(i == 0 ? "" : ",").append(text(fields[i].toString())).append(':');
            out.append(value(fields[i + 1]));
        }
        return out.append('}').toString();
    }

    private static String value(Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(Json::value).collect(Collectors.joining(",", "[", "]"));
        }
        return value instanceof String text ? text(text) : String.valueOf(value);
    }

    private static String text(String value) {
        StringBuilder out = new StringBuilder("\"");
        for (char one : value.toCharArray()) {
            if (one == '"' || one == '\\') {
                out.append('\\').append(one);
            } else if (one < ' ') {
                out.append("\\u%04x".formatted((int) one));
            } else {
                out.append(one);
            }
        }
        return out.append('"').toString();
    }
}
