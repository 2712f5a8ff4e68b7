package dev.lockstep.tck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Prepares the topology that the TCK is to be run against. */
public final class TckTopology {

    private TckTopology() {}

    /**
     * @param arguments the topology's name, and the folder of the reports, which is emptied
     * @throws IllegalArgumentException for a topology that can't be run
     */
    public static void main(String... arguments) throws IOException {
        String name = arguments[0];
        if (!name.equals("embedded")) {
            throw new IllegalArgumentException("The TCK can't be run against the topology \"" + name
                    + "\": only \"embedded\" is there, the single node in the JVM of the tests");
        }
        Path reports = Path.of(arguments[1]);
        if (Files.isDirectory(reports)) {
            try (Stream<Path> old = Files.list(reports)) {
                for (Path report : old.toList()) {
                    Files.delete(report);
                }
            }
        }
    }
}
