package dev.lockstep.protocol.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The long run: {@code --minutes N [--target NAME]}. The targets share the time. Ends with 0 when nothing was found, 1 when
 * something was, 2 when it could not run.
 */
public final class FuzzMain {

    private FuzzMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        long seconds = 0;
        List<FuzzTarget> targets = List.of(FuzzTarget.values());
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--minutes" -> seconds = value.matches("\\d{1,6}") ? 60 * Long.parseLong(value) : 0;
                case "--target" -> targets = named(value);
                default -> targets = List.of();
            }
        }
        if (seconds == 0 || targets.isEmpty() || arguments.length % 2 == 1) {
            System.err.println("usage: fuzz --minutes N [--target NAME], NAME one of " + names());
            System.exit(2);
        }
        System.exit(run(targets, Duration.ofSeconds(Math.max(1, seconds / targets.size()))));
    }

    private static int run(List<FuzzTarget> targets, Duration each) throws IOException, InterruptedException {
        Path home = Path.of("").toAbsolutePath();
        int finds = 0;
        boolean failed = false;
        for (FuzzTarget target : targets) {
            FuzzRun.Result result = new FuzzRun(target, home).run(each);
            finds += result.finds();
            failed |= result.failed();
        }
        System.out.println("targets=" + targets.size() + " finds=" + finds);
        return finds > 0 ? 1 : failed ? 2 : 0;
    }

    private static List<FuzzTarget> named(String name) {
        return Arrays.stream(FuzzTarget.values())
                .filter(target -> target.label().equals(name))
                .toList();
    }

    private static String names() {
        return Arrays.stream(FuzzTarget.values()).map(FuzzTarget::label).collect(Collectors.joining(", "));
    }
}
