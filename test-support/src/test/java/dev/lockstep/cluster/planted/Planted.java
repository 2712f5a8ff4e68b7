package dev.lockstep.cluster.planted;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Plants each defect and lets the suite look for it that has to find it. Argument: schedules for each at most (3,000). */
public final class Planted {

    static final int SCHEDULES = 3_000;

    private static final int MAX_TOLD = 120;

    private Planted() {}

    /** The fate of a defect. @param caught by what and as what; null when it was not */
    record Fate(Defect defect, @Nullable String caught) {

        @Override
        public String toString() {
            String how =
                    caught == null ? "NOT CAUGHT" : caught.lines().findFirst().orElse("");
            return "%-75s %s"
                    .formatted(defect.name(), how.length() <= MAX_TOLD ? how : how.substring(0, MAX_TOLD) + "…");
        }
    }

    public static void main(String[] arguments) throws Exception {
        int schedules = arguments.length > 0 ? Integer.parseInt(arguments[0]) : SCHEDULES;
        List<Fate> fates = fates(schedules, System.out::println);
        long caught = fates.stream().filter(fate -> fate.caught() != null).count();
        System.out.println("planted=" + fates.size() + " caught=" + caught);
        System.exit(caught == fates.size() ? 0 : 1);
    }

    /**
     * Plants all defects, one after the other, in as many threads as there are processors.
     *
     * @param told hears of each as soon as its fate is known, from any thread
     */
    static List<Fate> fates(int schedules, Consumer<Fate> told) throws InterruptedException, ExecutionException {
        Path root = root();
        ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            List<Callable<Fate>> searches = new ArrayList<>();
            for (Defect defect : Defect.ALL) {
                searches.add(() -> {
                    Fate fate = fate(root, defect, schedules);
                    told.accept(fate);
                    return fate;
                });
            }
            List<Fate> fates = new ArrayList<>();
            for (Future<Fate> search : threads.invokeAll(searches)) {
                fates.add(search.get());
            }
            return fates;
        } finally {
            threads.shutdownNow();
        }
    }

    static Fate fate(Defect defect, int schedules) throws Exception {
        return fate(root(), defect, schedules);
    }

    private static Fate fate(Path root, Defect defect, int schedules) throws Exception {
        try (Plant plant = new Plant(root, defect)) {
            if (!defect.suite().isEmpty()) {
                String red = plant.firstRed(defect.suite());
                String suite = defect.suite().substring(defect.suite().lastIndexOf('.') + 1);
                return new Fate(defect, red == null ? null : suite + ", " + red);
            }
            String found = plant.call("dev.lockstep.cluster.simulation.Schedules", "firstFailure", schedules);
            return new Fate(defect, found == null ? null : "simulation, " + found);
        }
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
