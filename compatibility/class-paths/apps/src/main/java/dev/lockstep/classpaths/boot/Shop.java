package dev.lockstep.classpaths.boot;

import dev.lockstep.classpaths.JCacheClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** A web application, of MVC or WebFlux, that is its own visitor and then ends. */
@SpringBootApplication
public class Shop {

    public static void main(String[] arguments) throws Exception {
        try (ConfigurableApplicationContext context = SpringApplication.run(Shop.class, arguments)) {
            String port = context.getEnvironment().getProperty("local.server.port");
            URI tea = URI.create("http://127.0.0.1:" + port + "/prices/tea");
            JCacheClient.expect("first visit", "1", get(tea));
            JCacheClient.expect("second visit", "1", get(tea));
            System.out.println("web ok");
            JCacheClient.use(context.getBean(javax.cache.CacheManager.class));
        }
    }

    private static String get(URI uri) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
