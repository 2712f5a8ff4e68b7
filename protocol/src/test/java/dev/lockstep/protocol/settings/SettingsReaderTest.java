package dev.lockstep.protocol.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsReaderTest {

    private static final String NODE = """
            cluster: demo
            node: {id: n1, data: d, raft-log-dir: logs, raft-log: ratis, durability: disk, max-staleness: 3s}
            members:
              - {id: n1, address: "127.0.0.1:7400"}
              - {id: n2, address: "127.0.0.1:7401"}
            caches:
              "users*": {max-entries: 100, consistency: strong, time-to-live: 10m}
            """;

    private static Settings parse(String yaml) {
        return SettingsReader.parse("lockstep.yaml", yaml, Path.of("home"));
    }

    @Test
    void nothingConfiguredIsASingleNode() {
        Settings settings = parse("");
        assertThat(settings.node()).isEmpty();
        assertThat(settings.members()).isEmpty();
        assertThat(settings.client().servers()).isEmpty();
        assertThat(settings.shards()).isEqualTo(4);
    }

    @Test
    void aNodeReadsItsMembersAndTemplates() {
        Settings settings = parse(NODE);
        assertThat(settings.node().orElseThrow().data()).isEqualTo(Path.of("home", "d"));
        assertThat(settings.node().orElseThrow().raftLogFolder()).isEqualTo(Path.of("home", "logs"));
        assertThat(settings.node().orElseThrow().raftLog()).isEqualTo(Settings.RaftLogKind.RATIS);
        assertThat(settings.node().orElseThrow().durability()).isEqualTo(Settings.Durability.DISK);
        assertThat(settings.node().orElseThrow().maxStaleness()).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.members()).hasSize(2);
        assertThat(settings.members().get(1).port()).isEqualTo(7401);
        assertThat(settings.caches().get("users*").timeToLive()).contains(Duration.ofMinutes(10));
        assertThat(settings.shards()).isEqualTo(4);
    }

    private static Settings uri(String uri) {
        return SettingsReader.fromUri(URI.create(uri), SettingsReaderTest.class.getClassLoader());
    }

    @Test
    void aClientMayLogIn() {
        Settings settings =
                parse("{tls: {directory: t}, client: {servers: ['a:1'], user: ada, password: 'file:secret'}}");
        assertThat(settings.client().user()).contains("ada");
        assertThat(settings.client().password()).contains(new Secret("file:secret", Path.of("home")));
        assertThat(settings.tls()).map(TlsSettings::certificateOptional).contains(true);
        assertThat(settings.toString()).contains("file:secret");
        assertThat(parse("{tls: {}, client: {servers: ['a:1'], user: ada, password: swordfish}}")
                        .toString())
                .doesNotContain("swordfish");
    }

    @Test
    void aCertificateThatIsNamedIsNotOptionalNorIsThatOfANode() {
        String client = "client: {servers: ['a:1'], user: ada, password: 'file:secret'}";
        assertThat(parse("{tls: {certificate: c.pem}, " + client + "}").tls())
                .map(TlsSettings::certificateOptional)
                .contains(false);
        assertThat(parse("{tls: {}, client: {servers: ['a:1']}}").tls())
                .map(TlsSettings::certificateOptional)
                .contains(false);
        assertThat(parse(NODE + "tls: {}\nclient: {user: ada, password: 'file:secret'}\n")
                        .tls())
                .map(TlsSettings::certificateOptional)
                .contains(false);
    }

    @Test
    void aNodeDemandsCertificatesUnlessItIsToldOtherwise() {
        assertThat(parse("tls: {}").tls()).map(TlsSettings::clientCertificates).contains(true);
        assertThat(parse("tls: {client-certificates: optional}").tls())
                .map(TlsSettings::clientCertificates)
                .contains(false);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "user: ada | \"password\" is missing",
                "password: x | \"user\" is missing",
                "user: \"a\\u0007\", password: x | SASLprep",
                "user: ada, password: x | set \"tls\"",
            })
    void aLogInNeedsAUserAPasswordAndTls(String keys, String why) {
        String tls = why.contains("tls") ? "" : "tls: {}, ";
        assertThatThrownBy(() -> parse("{" + tls + "client: {servers: ['a:1'], " + keys + "}}"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aUriNamesTheUserAndWhereItsPasswordIs() {
        Settings settings = uri("lockstep://ad%C3%A1+x@a:1;b:2/demo?password=file:/secret&tls.directory=/t");
        assertThat(settings.client().servers()).containsExactly("a:1", "b:2");
        assertThat(settings.client().user()).contains("ad\u00e1+x");
        assertThat(settings.client().password().orElseThrow().written()).isEqualTo("file:/secret");
        assertThat(uri("lockstep://ada@a:1?password=$%7BSECRET%7D&tls.directory=/t")
                        .client()
                        .password()
                        .orElseThrow()
                        .written())
                .isEqualTo("${SECRET}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lockstep://ada@a:1?password=swordfish&tls.directory=/t",
                "lockstep://ada:swordfish@a:1?tls.directory=/t",
                "lockstep://ada%3Aswordfish@a:1?tls.directory=/t",
                "lockstep://a:1?tls.password=swordfish",
                "lockstep://ada@a:1?timeout=soon&password=swordfish"
            })
    void aPasswordInAUriIsRefusedAndNotRepeated(String uri) {
        assertThatThrownBy(() -> uri(uri))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("?password=file:/path")
                .hasMessageNotContaining("swordfish");
    }

    @Test
    void aClusterHasTwoShardsForEachMemberAndAtLeastFour() {
        String members = "{id: n1, address: 'localhost:1'}";
        assertThat(parse("members: [" + members + "]").shards()).isEqualTo(4);
        members += ", {id: n2, address: 'localhost:2'}, {id: n3, address: 'localhost:3'}";
        assertThat(parse("members: [" + members + "]").shards()).isEqualTo(6);
        assertThat(parse("members: [" + members + "]\nshards: 16").shards()).isEqualTo(16);
    }

    @Test
    void aNodeOutlivesItsProcessUnlessMoreIsAskedFor() {
        Settings settings = parse("node: {id: a}\nmembers: [{id: a, address: '127.0.0.1:1'}]");
        assertThat(settings.node().orElseThrow().raftLog()).isEqualTo(Settings.RaftLogKind.DIRECT);
        assertThat(settings.node().orElseThrow().durability()).isEqualTo(Settings.Durability.PROCESS);
    }

    @Test
    void aDurabilityThatThereIsNotIsRefused() {
        assertThatThrownBy(() -> parse(NODE.replace("durability: disk", "durability: ram")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("\"ram\" is neither process nor disk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep://a:1,b:2?cluster=demo&timeout=5s", "lockstep://a:1;b:2/demo?timeout=5s"})
    void aUriNamesServersAndOptions(URI uri) {
        Settings settings = SettingsReader.fromUri(uri, getClass().getClassLoader());
        assertThat(settings.client().servers()).containsExactly("a:1", "b:2");
        assertThat(settings.cluster()).isEqualTo("demo");
        assertThat(settings.client().timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(settings.client().routing()).isEqualTo(Settings.ClientRouting.DIRECT);
    }

    @Test
    void memoryIsAShareOfTheHeapOrASize() {
        assertThat(parse("").limits().memory().of(1_000)).isEqualTo(600);
        assertThat(parse("limits: {memory: 25%}").limits().memory().of(1_000)).isEqualTo(250);
        assertThat(parse("limits: {memory: 3GiB}").limits().memory().of(1_000)).isEqualTo(3L << 30);
        assertThat(parse("caches: {a: {max-bytes: 3GiB}}").caches().get("a").maxBytes())
                .hasValue(3L << 30);
    }

    @Test
    void aUriSaysThatItsServersPassRequestsOn() {
        Settings settings = SettingsReader.fromUri(
                URI.create("lockstep://balancer:1/demo?routing=gateway"),
                getClass().getClassLoader());
        assertThat(settings.client().routing()).isEqualTo(Settings.ClientRouting.GATEWAY);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "shard: 3 | lockstep.yaml:1:8: unknown key \"shard\"; did you mean \"shards\"?",
                "shards: many | lockstep.yaml:1:9: \"shards\": \"many\" is no whole number",
                "shards: 0 | lockstep.yaml:1:9: \"shards\": 0 is out of range: 1 to 4096",
                "client: {timeout: soon} | lockstep.yaml:1:19: \"timeout\": \"soon\" is no duration",
                "client: {timeout: 30} | lockstep.yaml:1:19: \"timeout\": \"30\" has no unit: write 30ms, 30s, 30m, 30h or 30d",
                "client: {routing: proxy} | lockstep.yaml:1:19: \"routing\": \"proxy\" is neither direct nor gateway",
                "client: {servers: [nowhere]} | lockstep.yaml:1:19: \"servers\": \"nowhere\" is no address",
                "limits: {max-frame: 1KiB} | lockstep.yaml:1:21: \"max-frame\": 1024 is out of range",
                "limits: {memory: 81%} | lockstep.yaml:1:18: \"memory\": 81% is out of range: 1% to 80%",
                "limits: {memory: 0%} | \"memory\": 0% is out of range",
                "limits: {memory: much} | \"memory\": \"much\" is no size such as 64KiB or 16MiB",
                "limits: {memory: 512KiB} | \"memory\": 524288 is out of range",
                "caches: {a: {max-bytes: -1}} | \"max-bytes\": \"-1\" is no size",
                "limits: {client-requests: 0} | lockstep.yaml:1:27: \"client-requests\": 0 is out of range: 1 to",
                "limits: {node-bytes: 0B} | \"node-bytes\": 0 is out of range: 1 to",
                "limits: {cache-requests: -5} | \"cache-requests\": -5 is out of range: 1 to",
                "insecure: perhaps | lockstep.yaml:1:11: \"insecure\": \"perhaps\" is neither true nor false",
                "node: {id: n9} | lockstep.yaml:1:12: \"id\": \"members\" is missing",
                "node: n1 | lockstep.yaml:1:7: \"node\" takes keys and values, not \"n1\"",
                "members: [{id: a, address: '127.0.0.1:1'}, {id: b, address: '127.0.0.1:1'}] | lockstep.yaml:1:61: \"address\": members a and b have one address",
                "caches: {a: {time-to-live: 30}} | \"time-to-live\": \"30\" has no unit: write 30ms, 30s",
                "caches: {a: {consistency: weak}} | \"weak\" is neither session nor strong",
                "caches: {a: {entry-processor: none}} | \"none\" is neither leased nor optimistic",
                "members: [{id: n1, address: '10.0.0.1:1'}] | not a loopback address",
                "{node: {id: a, admin: '10.0.0.1:2'}, members: [{id: a, address: '127.0.0.1:1'}]} | \"admin\": 10.0.0.1 is not a loopback address",
                "{node: {id: a, admin: '127.0.0.1:70000'}, members: [{id: a, address: '127.0.0.1:1'}]} | \"127.0.0.1:70000\" is no address",
                "{node: {id: a, admin: '127.0.0.1:1'}, members: [{id: a, address: '127.0.0.1:1'}]} | \"admin\": 127.0.0.1:1 is the address of member a",
                "members: [{id: n1}] | \"address\" is missing",
                "shards: [1 | is no valid YAML"
            })
    void invalidSettingsAreRefusedWithTheirPlace(String yaml, String message) {
        assertThatThrownBy(() -> parse(yaml))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void anIdThatIsNoMembersIsRefusedNamingThose() {
        assertThatThrownBy(() -> parse(NODE.replace("node: {id: n1", "node: {id: n9")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("\"n9\" is none of the members, which are n1, n2");
    }

    @Test
    void errorsInAUriNameNoYamlLine() {
        assertThatThrownBy(() -> SettingsReader.fromUri(
                        URI.create("lockstep://a:1?timeout=5"), getClass().getClassLoader()))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("lockstep://a:1?timeout=5: \"timeout\": \"5\" has no unit");
    }

    @Test
    void aMisspeltUriIsRefusedNamingTheNearest() {
        assertThatThrownBy(() -> SettingsReader.fromUri(
                        URI.create("lockstep:locl"), getClass().getClassLoader()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("\"lockstep:locl\"")
                .hasMessageContaining("did you mean \"lockstep:local\"");
    }

    @Test
    void settingsAreReadFromAJar(@TempDir Path folder) throws Exception {
        Path jar = folder.resolve("x.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("conf/lockstep.yaml"));
            out.write("client: {servers: ['a:1']}".getBytes(StandardCharsets.UTF_8));
        }
        URI uri = URI.create("jar:" + jar.toUri() + "!/conf/lockstep.yaml");
        assertThat(SettingsReader.fromUri(uri, getClass().getClassLoader())
                        .client()
                        .servers())
                .containsExactly("a:1");
        assertThatThrownBy(() -> SettingsReader.fromUri(
                        URI.create("jar:" + jar.toUri() + "!/none.yaml"),
                        getClass().getClassLoader()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("none.yaml");
    }

    @Test
    void aValueIsToldWithItsPlace() {
        assertThat(parse(NODE).places())
                .containsEntry("members", "lockstep.yaml:4")
                .containsEntry("caches.users*", "lockstep.yaml:7");
    }

    @Test
    void aUriNamesItsClusterOnce() {
        assertThatThrownBy(() -> SettingsReader.fromUri(
                        URI.create("lockstep://a:1/demo?cluster=other"),
                        getClass().getClassLoader()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("cluster");
    }

    @Test
    void anUnknownSchemeIsRefused() {
        assertThatThrownBy(() -> SettingsReader.fromUri(
                        URI.create("http://x"), getClass().getClassLoader()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("lockstep://host:port");
    }

    @Test
    void aNonLoopbackAddressIsTakenFromWhoKnowsBetter() {
        Settings settings = parse("insecure: true\nmembers: [{id: n1, address: '10.0.0.1:1'}]");
        assertThat(settings.members().get(0).host()).isEqualTo("10.0.0.1");
    }
}
