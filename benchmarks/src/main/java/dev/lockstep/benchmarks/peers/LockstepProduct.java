package dev.lockstep.benchmarks.peers;

import dev.lockstep.cluster.node.NodeMain;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.cache.CacheManager;
import javax.cache.Caching;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.spi.CachingProvider;

/** Lockstep, with no setting but who the members are. */
public final class LockstepProduct implements Product {

    private static final String CLUSTER = "bench";

    @Override
    public Caches start(Role role, Place place) throws IOException {
        if (role == Role.SERVER) {
            return server(configuration(place));
        }
        CachingProvider provider = Caching.getCachingProvider("dev.lockstep.jcache.spi.LockstepCachingProvider");
        ClassLoader loader = LockstepProduct.class.getClassLoader();
        CacheManager manager = switch (role) {
            case CLIENT ->
                provider.getCacheManager(
                        URI.create("lockstep://" + place.members(0, "%s:%d", ";") + "/" + CLUSTER), loader);
            case EMBEDDED -> provider.getCacheManager(configuration(place).toUri(), loader);
            default -> provider.getCacheManager();
        };
        return name -> manager.createCache(
                name, new MutableConfiguration<String, String>().setTypes(String.class, String.class));
    }

    /** As the program that users start runs it. */
    private static Caches server(Path configuration) {
        StringWriter out = new StringWriter();
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Thread node = new Thread(() -> serve(configuration, out, err), "node");
        node.start();
        Server server = () -> out.toString().contains(" ready on ");
        return server;
    }

    private static void serve(Path configuration, StringWriter out, PrintWriter err) {
        try {
            int code = NodeMain.run(configuration, new PrintWriter(out, true), err);
            System.err.println("The node has ended with " + code + "; it said: " + out);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path configuration(Place place) throws IOException {
        StringBuilder yaml = new StringBuilder("cluster: %s%nnode: {id: n%d, data: \"%s\"}%nmembers:%n"
                .formatted(CLUSTER, place.index(), place.folder().resolve("data")));
        for (int member = 0; member < Place.MEMBERS; member++) {
            yaml.append("  - {id: n%d, address: \"%s:%d\"}%n".formatted(member, Place.HOST, place.port(member, 0)));
        }
        return Files.writeString(place.folder().resolve("lockstep.yaml"), yaml);
    }
}
