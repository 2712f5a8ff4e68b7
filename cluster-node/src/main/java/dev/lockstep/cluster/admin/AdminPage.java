package dev.lockstep.cluster.admin;

import java.nio.charset.StandardCharsets;
import java.util.function.BiFunction;

/**
 * A page of the {@link AdminServer}.
 *
 * @param isOpen whether it is for everyone who reaches the port; otherwise it takes the right to monitor
 * @param content makes its content of what the other end accepts, and whether that has the right to monitor
 */
public record AdminPage(boolean isOpen, BiFunction<String, Boolean, Answer> content) {

    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    /** An answer over HTTP: its status, the type of its content, and that. */
    public record Answer(int status, String type, byte[] body) {

        /** Answers with a text of some type. */
        public static Answer ok(String type, String text) {
            return new Answer(OK, type, text.getBytes(StandardCharsets.UTF_8));
        }

        /** Answers with JSON. */
        public static Answer json(boolean isOk, String json) {
            return new Answer(
                    isOk ? OK : UNAVAILABLE, "application/json", (json + "\n").getBytes(StandardCharsets.UTF_8));
        }

        /** Answers that something can't be had. */
        static Answer refused(int status, String why) {
            return new Answer(status, "text/plain; charset=utf-8", (why + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
