package dev.lockstep.benchmarks.peers;

import dev.lockstep.benchmarks.process.Orders;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A JVM of one product: a member, or where the callers are. Arguments: the class of the {@link Product}, role, index, folder,
 * ports with commas between them. Orders: {@code complete}; {@code fill}; {@code load operation callers rate millis}; {@code tidy}
 * after a load that inserts.
 */
final class PeerMain {

    private final Product.Caches caches;
    private @Nullable Steps steps;

    private PeerMain(Product.Caches caches) {
        this.caches = caches;
    }

    public static void main(String[] arguments) throws Exception {
        Orders.endWithParent();
        List<Integer> ports =
                Arrays.stream(arguments[4].split(",")).map(Integer::valueOf).toList();
        Place place = new Place(Integer.parseInt(arguments[2]), Path.of(arguments[3]), ports);
        Product product =
                (Product) Class.forName(arguments[0]).getDeclaredConstructor().newInstance();
        PeerMain main = new PeerMain(product.start(Role.valueOf(arguments[1]), place));
        Orders.serve(main::carryOut);
        System.exit(0);
    }

    private String carryOut(String[] order) throws Exception {
        switch (order[0]) {
            case "complete" -> {
                return Boolean.toString(caches.isComplete());
            }
            case "fill" -> {
                steps = new Steps(caches.open("entries"), caches.open("records"));
                steps.fill();
                return "";
            }
            case "load" -> {
                Steps filled = filled();
                Load load =
                        new Load(Operation.valueOf(order[1]), Integer.parseInt(order[2]), Integer.parseInt(order[3]));
                return new Callers(load)
                        .run(Integer.parseInt(order[4]), () -> filled.of(load.operation()))
                        .text();
            }
            case "tidy" -> {
                filled().tidy();
                return "";
            }
            default -> throw new IllegalArgumentException("There is no such order");
        }
    }

    private Steps filled() {
        return Objects.requireNonNull(steps, "not filled yet");
    }
}
