package dev.lockstep.benchmarks.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * The child's side of a {@link Child}: a line of words is an order; a line that begins with {@value #DONE} is its answer, with
 * {@value #FAILED} says why there is none. Other lines mean nothing.
 */
public final class Orders {

    static final String DONE = "= ";
    static final String FAILED = "! ";

    private Orders() {}

    /** Carries out an order. */
    public interface Handler {
        String carryOut(String[] words) throws Exception;
    }

    /** Says that it is ready, and carries orders out until the parent closes its end. */
    public static void serve(Handler handler) throws IOException {
        System.out.println(DONE + "ready");
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(answer(handler, line));
        }
    }

    private static String answer(Handler handler, String order) {
        try {
            return DONE + handler.carryOut(order.split(" "));
        } catch (Exception failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            return FAILED + order + ": " + cause.toString().replaceAll("\\s+", " ");
        }
    }

    /** Ends this process when its parent is gone, whatever it is at, and when the calling thread fails. */
    public static void endWithParent() {
        Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        ProcessHandle.current()
                .parent()
                .ifPresent(parent ->
                        parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    }
}
