package dev.lockstep.cluster.planted;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plants each defect and lets the simulation look for it. Arguments: schedules for each at most (3,000). */
public final class Planted {

    static final int SCHEDULES = 3_000;

    private Planted() {}

    /** What became of a defect. @param caught by what and as what; null when it was not */
    record Fate(Defect defect, @Nullable String caught) {}

    public static void main(String[] arguments) throws Exception {
        int schedules = arguments.length > 0 ? Integer.parseInt(arguments[0]) : SCHEDULES;
        List<Fate> fates = new ArrayList<>();
        for (Defect defect : Defect.ALL) {
            Fate fate = fate(defect, schedules);
            fates.add(fate);
            System.out.println(line(fate));
        }
        long caught = fates.stream().filter(fate -> fate.caught() != null).count();
        System.out.println("planted=" + fates.size() + " caught=" + caught);
        System.exit(caught == fates.size() ? 0 : 1);
    }

    static Fate fate(Defect defect, int schedules) throws Exception {
        try (Plant plant = new Plant(root(), defect)) {
            String found = plant.call("dev.lockstep.cluster.simulation.Simulate", "firstFailure", schedules);
            return new Fate(defect, found == null ? null : "simulation, " + found);
        }
    }

    static String line(Fate fate) {
        return "%-70s %s".formatted(fate.defect().name(), fate.caught() == null ? "NOT CAUGHT" : fate.caught());
    }

    /** The folder with the sources, here or above. */
    private static Path root() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("lockstep-test"))) {
                return folder;
            }
        }
        throw new IllegalStateException(
                "There are no sources above " + Path.of("").toAbsolutePath());
    }
}
