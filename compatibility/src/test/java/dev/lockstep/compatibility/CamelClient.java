package dev.lockstep.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Eventually;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jcache.JCacheConfiguration;
import org.apache.camel.component.jcache.JCacheConstants;
import org.apache.camel.component.jcache.processor.idempotent.JCacheIdempotentRepository;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Apache Camel's component: routes that write to caches, and hear of their changes. */
@InEachTopology
class CamelClient {

    private final Topology topology;
    private final String name = Topology.unused("camel");
    private final CamelContext camel = new DefaultCamelContext();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private ProducerTemplate producer;

    CamelClient(Topology topology) {
        this.topology = topology;
    }

    @BeforeEach
    void start() throws Exception {
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:cache").to(caches("createCacheIfNotExists=true"));
                from(caches("filteredEvents=REMOVED"))
                        .process(exchange -> heard.add(exchange.getMessage().getBody(String.class)));
            }
        });
        camel.start();
        producer = camel.createProducerTemplate();
    }

    private String caches(String options) {
        return "jcache:" + name + "?configurationUri=" + topology.uri() + "&" + options;
    }

    @AfterEach
    void stop() {
        camel.stop();
    }

    private Object ask(String action, String key, Object body) {
        return producer.requestBodyAndHeaders(
                "direct:cache", body, Map.of(JCacheConstants.ACTION, action, JCacheConstants.KEY, key));
    }

    @Test
    void routesPutGetAndRemove() {
        ask("PUT", "key", "value");
        assertThat(ask("GET", "key", null)).isEqualTo("value");
        ask("REMOVE", "key", null);
        assertThat(ask("GET", "key", null)).isNull();
    }

    @Test
    void aRouteHearsOfChanges() throws Exception {
        ask("PUT", "key", "value");
        ask("PUT", "key", "other");
        Eventually.holds("both changes are heard of", () -> heard.equals(List.of("value", "other")));
    }

    @Test
    void aMessageIsSeenOnce() {
        JCacheConfiguration configuration = new JCacheConfiguration();
        String seen = Topology.unused("idempotent");
        configuration.setCamelContext(camel);
        configuration.setCacheName(seen);
        configuration.setConfigurationUri(topology.uri().toString());
        configuration.setCreateCacheIfNotExists(true);
        JCacheIdempotentRepository repository = new JCacheIdempotentRepository();
        repository.setCacheName(seen);
        repository.setConfiguration(configuration);
        repository.setCamelContext(camel);
        repository.start();
        assertThat(repository.add("message")).isTrue();
        assertThat(repository.add("message")).isFalse();
        assertThat(repository.contains("message")).isTrue();
        assertThat(repository.remove("message")).isTrue();
        assertThat(repository.contains("message")).isFalse();
        repository.stop();
    }
}
