package dev.lockstep.samples.shop;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * Three nodes, two instances of the shop on one database (PostgreSQL if it is installed), and customers who look at offers of
 * both while prices are raised at both; meanwhile an instance and a node are killed. Ends with {@code wrong=<offers that failed,
 * or were older than what had been shown or acknowledged before> written=<descriptions that had to be written>}, and exits with
 * 1 if an offer was wrong.
 */
public final class ShopDemo {

    private static final String URL = "hibernate.connection.url";
    private static final int PRODUCTS = 200;
    private static final int CENTS_AT_FIRST = 1_000;
    private static final int MILLIS_BEFORE_THE_KILLS = 2_000;
    private static final int MILLIS_AFTER_THE_KILLS = 4_000;

    private ShopDemo() {}

    public static void main(String[] arguments) throws Exception {
        Path home = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("lockstep-shop");
        System.exit(run(home) == 0 ? 0 : 1);
    }

    /** Runs the demo and counts the wrong offers. */
    static int run(Path home) throws Exception {
        try (Database database = Database.installed("shop")) {
            fill(database);
            say("The database is %s", property(database, URL));
            say("Starting three nodes and two instances; their logs are in %s", home);
            try (NodeProcesses nodes = NodeProcesses.start(home, 3, List.of("shards: 4"));
                    Instance one = Instance.start("one", home, nodes, database);
                    Instance two = Instance.start("two", home, nodes, database)) {
                one.awaitReady();
                two.awaitReady();
                return show(nodes, one, two);
            }
        }
    }

    private static void fill(Database database) {
        new ResourceDatabasePopulator(new ClassPathResource("schema.sql"), new ClassPathResource("data.sql"))
                .execute(new DriverManagerDataSource(
                        property(database, URL),
                        property(database, "hibernate.connection.username"),
                        property(database, "hibernate.connection.password")));
    }

    private static String property(Database database, String name) {
        return Objects.requireNonNull(database.properties().get(name), name);
    }

    private static int show(NodeProcesses nodes, Instance one, Instance two) throws Exception {
        Customers customers = new Customers(List.of(one, two), new Prices(PRODUCTS, CENTS_AT_FIRST));
        for (int id = 1; id <= PRODUCTS; id++) {
            customers.check(id % 2 == 0 ? one : two, id);
            customers.check(id % 2 == 0 ? two : one, id);
        }
        Figures.Reading ofTwo = two.figures();
        say("Both have shown %d products:%n  %s%n  %s", PRODUCTS, one.figures(), ofTwo);
        try (customers) {
            customers.come();
            Thread.sleep(MILLIS_BEFORE_THE_KILLS);
            say("Killing instance two and node %s. %s", nodes.node(2).member().id(), customers.done());
            two.kill();
            nodes.node(2).kill();
            Thread.sleep(MILLIS_AFTER_THE_KILLS);
        }
        say("%s", customers.done());
        for (int id = 1; id <= PRODUCTS; id++) {
            customers.check(one, id);
        }
        say("The page of the instance that is left:%n%s", one.page());
        say("wrong=%d written=%d", customers.wrong(), one.figures().written() + ofTwo.written());
        return customers.wrong();
    }

    private static void say(String text, Object... arguments) {
        System.out.printf(text + "%n", arguments);
    }
}
