package dev.lockstep.benchmarks.transports;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** The child's side of a {@link Child}: a line of words is an order, a line that begins with {@value #MARK} its answer. */
final class Orders {

    static final String MARK = "= ";

    private Orders() {}

    /** Carries out an order. */
    interface Handler {
        String carryOut(String[] words) throws Exception;
    }

    /** Says that it is ready, and carries orders out until the parent closes its end. */
    static void serve(Handler handler) throws Exception {
        System.out.println(MARK + "ready");
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(MARK + handler.carryOut(line.split(" ")));
        }
    }

    /** Ends this process when its parent is gone, whatever it is at. */
    static void endWithParent() {
        ProcessHandle.current()
                .parent()
                .ifPresent(parent ->
                        parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    }

    /** The next answer, and all else passed by. */
    static String answer(BufferedReader from) throws IOException {
        for (String line = from.readLine(); line != null; line = from.readLine()) {
            if (line.startsWith(MARK)) {
                return line.substring(MARK.length());
            }
        }
        throw new IOException("The process has ended");
    }
}
