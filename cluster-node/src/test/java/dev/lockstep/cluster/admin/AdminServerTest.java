package dev.lockstep.cluster.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.admin.AdminPage.Answer;
import dev.lockstep.protocol.settings.Settings.AdminAddress;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AdminServerTest {

    private final HttpClient http = HttpClient.newHttpClient();
    private final CountDownLatch inPage = new CountDownLatch(AdminServer.MAX_LARGE);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private AdminAddress address;
    private AdminServer server;

    @BeforeEach
    void start() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            address = new AdminAddress("127.0.0.1", free.getLocalPort());
        }
        server = new AdminServer(
                address,
                Map.of(
                        "/open",
                                new AdminPage(
                                        true, (accept, monitors) -> Answer.json(true, "{\"for\":\"" + accept + "\"}")),
                        "/down", new AdminPage(true, (accept, monitors) -> Answer.json(false, "{}")),
                        "/large",
                                new AdminPage(false, (accept, monitors) -> {
                                    inPage.countDown();
                                    await(goOn);
                                    return Answer.ok("text/plain", "large");
                                }),
                        "/huge",
                                new AdminPage(
                                        false, (accept, monitors) -> Answer.ok("text/plain", "x".repeat(64 << 20))),
                        "/broken",
                                new AdminPage(true, (accept, monitors) -> {
                                    throw new IllegalStateException("a registry that throws");
                                })),
                null);
    }

    @AfterEach
    void stop() {
        goOn.countDown();
        server.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://" + address + path));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aPageIsAnsweredAsItIsAccepted() throws Exception {
        HttpResponse<String> answer =
                http.send(request("/open").header("Accept", "a/b").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"for\":\"a/b\"}\n");
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(get("/down").statusCode()).isEqualTo(503);
    }

    @Test
    void whatIsNotThereIsRefusedNamingWhatIs() throws Exception {
        HttpResponse<String> answer = get("/metric");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("/broken, /down, /huge, /large, /open");
        assertThat(get("/open/more").statusCode()).isEqualTo(404);
    }

    @Test
    void onlyGetAndHeadAreAnswered() throws Exception {
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "TRACE")) {
            HttpResponse<String> answer = http.send(
                    request("/open")
                            .method(method, HttpRequest.BodyPublishers.ofString("x"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(method).isEqualTo(405);
            assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD");
        }
        HttpResponse<String> head = http.send(
                request("/open")
                        .method("HEAD", HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void aPageThatFailsIsAnAnswerToo() throws Exception {
        HttpResponse<String> answer = get("/broken");
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).doesNotContain("registry");
    }

    @Test
    void largePagesAreMadeForAFewAtOnceAndSmallOnesMeanwhile() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> large = new ArrayList<>();
        for (int i = 0; i < AdminServer.MAX_LARGE; i++) {
            large.add(http.sendAsync(request("/large").build(), HttpResponse.BodyHandlers.ofString()));
        }
        inPage.await();
        HttpResponse<String> oneMore = get("/large");
        assertThat(oneMore.statusCode()).isEqualTo(503);
        assertThat(oneMore.headers().firstValue("Retry-After")).contains("1");
        assertThat(get("/open").statusCode()).isEqualTo(200);
        goOn.countDown();
        for (CompletableFuture<HttpResponse<String>> one : large) {
            assertThat(one.get().body()).isEqualTo("large");
        }
    }

    /** Each thread of the server has someone who sends half a request, or reads nothing of a large answer. */
    @Test
    void whoNeitherSendsNorReadsIsDropped() throws Exception {
        goOn.countDown();
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                Socket socket = new Socket(address.host(), address.port());
                slow.add(socket);
                String half = i < 2 ? "GET /open HT" : "GET /huge HTTP/1.1\r\nHost: here\r\n\r\n";
                socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(get("/open").statusCode())
                    .as("once they have had their time")
                    .isEqualTo(200);
            for (Socket socket : slow.subList(0, 2)) {
                socket.setSoTimeout(30_000);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void anAddressThatIsInUseIsNamed() {
        assertThatThrownBy(() -> new AdminServer(address, Map.of(), null))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("\"node.admin\" can't listen on " + address);
    }

    @Test
    void nobodyIsAnsweredOnceItIsClosed() {
        server.close();
        server.close();
        assertThatThrownBy(() -> get("/open")).isInstanceOf(IOException.class);
    }
}
