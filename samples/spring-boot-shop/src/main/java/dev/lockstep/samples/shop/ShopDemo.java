package dev.lockstep.samples.shop;

import dev.lockstep.cluster.testing.NodeProcesses;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Three nodes, two instances of the shop, and customers who ask both for all products; meanwhile an instance and a node are killed.
 * Ends with {@code wrong=<answers that were not right> queries=<queries of the database>}, and exits with 1 if an answer was wrong.
 */
public final class ShopDemo {

    private static final int PRODUCTS = 200;

    private ShopDemo() {}

    public static void main(String[] arguments) throws Exception {
        Path home = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("lockstep-shop");
        System.exit(run(home) == 0 ? 0 : 1);
    }

    /** How many answers were wrong. */
    static int run(Path home) throws Exception {
        say("Starting three nodes and two instances; their logs are in %s", home);
        try (NodeProcesses nodes = NodeProcesses.start(home, 3);
                Instance one = Instance.start("one", home, nodes);
                Instance two = Instance.start("two", home, nodes)) {
            one.awaitReady();
            two.awaitReady();
            int wrong = ask(List.of(one, two), 1, PRODUCTS / 2);
            say(
                    "Both were asked for %d products; queries of the database: %d and %d",
                    PRODUCTS / 2, one.queries(), two.queries());
            int queriesOfTwo = two.queries();
            say("Killing instance two and node %s", nodes.node(2).member().id());
            two.kill();
            nodes.node(2).kill();
            wrong += ask(List.of(one), 1, PRODUCTS);
            say("The page of the instance that is left:%n%s", one.get("/").body());
            say("wrong=%d queries=%d", wrong, one.queries() + queriesOfTwo);
            return wrong;
        }
    }

    private static int ask(List<Instance> instances, int from, int to) throws Exception {
        int wrong = 0;
        for (int id = from; id <= to; id++) {
            for (int turn = 0; turn < instances.size(); turn++) {
                Instance instance = instances.get((id + turn) % instances.size());
                HttpResponse<String> answer = instance.get("/products/" + id);
                if (answer.statusCode() != 200 || !answer.body().contains("\"name\":\"tea no. " + id + "\"")) {
                    say("Instance %s answered %s", instance.name(), answer.body());
                    wrong++;
                }
            }
        }
        return wrong;
    }

    private static void say(String text, Object... arguments) {
        System.out.printf(text + "%n", arguments);
    }
}
