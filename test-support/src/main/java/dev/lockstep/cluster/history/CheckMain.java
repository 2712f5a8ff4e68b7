package dev.lockstep.cluster.history;

import java.io.IOException;
import java.nio.file.Path;

/** Judges saved histories. */
public final class CheckMain {

    private CheckMain() {}

    /**
     * Exits with 0 when all is right, 1 when something is wrong or was not decided, 2 when a file can't be read.
     *
     * @param files saved by {@link HistoryText}
     */
    public static void main(String... files) {
        int exit = files.length == 0 ? 2 : 0;
        for (String file : files) {
            try {
                Report report = new Checker().check(HistoryText.load(Path.of(file)));
                System.out.println(file + ": " + report);
                exit = Math.max(exit, report.isClean() ? 0 : 1);
            } catch (IOException | IllegalArgumentException unreadable) {
                System.err.println(file + ": " + unreadable);
                exit = 2;
            }
        }
        System.exit(exit);
    }
}
