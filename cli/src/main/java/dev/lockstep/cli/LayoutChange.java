package dev.lockstep.cli;

import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.settings.Durations;
import dev.lockstep.protocol.topology.Layout;
import java.time.Duration;
import java.util.function.Predicate;
import picocli.CommandLine.Option;

/** The option of commands that change which node hosts what, and the wait until that has come about. */
final class LayoutChange {

    private static final Duration PAUSE = Duration.ofMillis(200);

    @Option(
            names = "--timeout",
            paramLabel = "<duration>",
            defaultValue = "10m",
            description = "How long to wait until it is done, such as 10m; it goes on after that.")
    private String timeout = "";

    /**
     * Waits until the layout is as wanted, and no shard is being moved.
     *
     * @param state of the change until then, a sentence without a full stop
     * @throws NotDoneException when it took too long
     */
    void await(ClusterOptions options, Session session, String state, Predicate<Layout> wanted) {
        Duration within;
        try {
            within = Durations.parse(timeout);
        } catch (IllegalArgumentException wrong) {
            throw new RefusedException("--timeout: " + wrong.getMessage());
        }
        long sinceNanos = Time.system().nanos();
        String before = "";
        while (true) {
            Layout layout = ClusterOptions.join(session.currentView()).layout();
            if (wanted.test(layout) && layout.moves().isEmpty()) {
                return;
            }
            String now = state + "; " + beingMoved(layout);
            if (Time.system().nanos() - sinceNanos > within.toNanos()) {
                throw new NotDoneException(
                        now + " after " + timeout + ", which goes on. lockstep status says what is under way");
            }
            if (!now.equals(before)) {
                options.progress(now);
                before = now;
            }
            options.pause(PAUSE);
        }
    }

    /** Tells how many groups are on the move, for people. */
    static String beingMoved(Layout layout) {
        int groups = layout.moves().size();
        return groups == 1 ? "1 group is being moved" : groups + " groups are being moved";
    }
}
