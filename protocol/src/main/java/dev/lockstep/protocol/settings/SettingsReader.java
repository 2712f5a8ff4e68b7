package dev.lockstep.protocol.settings;

import dev.lockstep.protocol.scram.ScramException;
import dev.lockstep.protocol.scram.ScramVerifier;
import dev.lockstep.protocol.settings.Settings.AdminAddress;
import dev.lockstep.protocol.settings.Settings.CatchUp;
import dev.lockstep.protocol.settings.Settings.ClientRouting;
import dev.lockstep.protocol.settings.Settings.ClientSettings;
import dev.lockstep.protocol.settings.Settings.Durability;
import dev.lockstep.protocol.settings.Settings.LimitSettings;
import dev.lockstep.protocol.settings.Settings.MemoryLimit;
import dev.lockstep.protocol.settings.Settings.NodeSettings;
import dev.lockstep.protocol.settings.Settings.RaftLogKind;
import dev.lockstep.protocol.settings.Settings.Rate;
import dev.lockstep.protocol.settings.Settings.Rates;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.Member;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.CacheSettings;
import dev.lockstep.protocol.wire.Consistency;
import dev.lockstep.protocol.wire.EntryProcessing;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@link Settings} from a file, the class path or a CacheManager's URI. Stateless. */
public final class SettingsReader {

    /** The URI of a CacheManager that names nothing. */
    public static final URI DEFAULT_URI = URI.create("lockstep:default");

    private static final int MIN_DEFAULT_SHARDS = 4;
    private static final String LOCAL_URI = "lockstep:local";
    private static final String KNOWN_URIS = "There are " + DEFAULT_URI + ", " + LOCAL_URI
            + ", lockstep://host:port;host:port/cluster, classpath:name, file:/path and jar:file:/path!/name";
    private static final String RESOURCE = "lockstep.yaml";
    private static final String[] KEYS = {
        "cluster",
        "node",
        "members",
        "shards",
        "replication-factor",
        "replace-after",
        "tls",
        "insecure",
        "limits",
        "client",
        "caches"
    };
    /** Begins the options of a URI that are those of {@code tls}. */
    private static final String TLS = "tls.";

    /** An option of a URI that is a password. */
    private static final Pattern PASSWORD = Pattern.compile("^(tls\\.)?password=");

    /** The part of the heap for entries. */
    private static final String MEMORY = "60%";

    private static final Pattern PERCENTAGE = Pattern.compile("(\\d{1,3})%");
    /** The most in a second: it is no limit any more, and what counts can count no more. */
    private static final long MAX_REQUESTS = 1_000_000_000;

    private static final long MAX_BYTES = 900L << 20;

    private static final long MIN_MEMORY = 1 << 20;
    private static final long MIN_CATCH_UP = 64 << 10;
    private static final long MAX_CLUSTER_CATCH_UP = 1L << 40;

    private static final String TLS_13 = "1.3";
    private static final String TLS_12 = "1.2";
    private static final Pattern PKCS12 = Pattern.compile("(?i)\\.(p12|pfx)$");

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration REPLACE_AFTER = Duration.ofMinutes(5);
    private static final Duration SLOW_REQUEST = Duration.ofSeconds(1);

    /** What a node demands of those who connect to it. */
    private enum ClientCertificates {
        REQUIRED,
        OPTIONAL
    }

    private SettingsReader() {}

    /**
     * {@code lockstep:default} is {@code lockstep.yaml} on the class path, or a single node in memory;
     * {@code lockstep:local} is that node always; {@code lockstep://host:port;host:port/cluster?timeout=5s} a client, also with
     * {@code ,} between servers and {@code ?cluster=name}, though then the URI is not fit to be part of a name of JMX, which
     * some of JCache's users make of it; {@code classpath:name}, {@code file:path} and {@code jar:file:path!/name} a file.
     *
     * @throws SettingsException when the URI or what it names can't be used
     */
    public static Settings fromUri(URI uri, ClassLoader loader) {
        if (uri.equals(DEFAULT_URI)) {
            return resource(RESOURCE, loader).orElseGet(() -> parse("defaults", "", Path.of("")));
        }
        if (uri.toString().equals(LOCAL_URI)) {
            return parse("defaults", "", Path.of(""));
        }
        if (uri.isOpaque() && "lockstep".equals(uri.getScheme())) {
            throw new SettingsException("The CacheManager URI \"" + uri + "\" names nothing; did you mean \""
                    + Spelling.nearest(uri.toString(), List.of(DEFAULT_URI.toString(), LOCAL_URI)) + "\"? "
                    + KNOWN_URIS);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        return switch (scheme) {
            case "lockstep" -> client(uri);
            case "classpath" ->
                resource(uri.getSchemeSpecificPart(), loader)
                        .orElseThrow(
                                () -> new SettingsException(uri + ": there is no such resource on the class path"));
            case "file" -> fromFile(path(uri));
            case "jar" -> fromJar(uri);
            default ->
                throw new SettingsException(
                        "The CacheManager URI \"" + uri + "\" has an unknown scheme. " + KNOWN_URIS);
        };
    }

    /** Past the JVM's cache of open jars: one that was replaced is read again. */
    private static Settings fromJar(URI uri) {
        try {
            URLConnection entry = uri.toURL().openConnection();
            entry.setUseCaches(false);
            try (InputStream in = entry.getInputStream()) {
                return parse(uri.toString(), new String(in.readAllBytes(), StandardCharsets.UTF_8), Path.of(""));
            }
        } catch (IOException | IllegalArgumentException unreadable) {
            throw new SettingsException("The settings " + uri + " can't be read: " + unreadable.getMessage()
                    + "; write jar:file:/path/of.jar!/lockstep.yaml");
        }
    }

    private static Path path(URI uri) {
        try {
            return Path.of(uri);
        } catch (IllegalArgumentException noPath) {
            throw new SettingsException(uri + " is no path of a file: " + noPath.getMessage() + "; write file:///path");
        }
    }

    /** @throws SettingsException when the file can't be read or used */
    public static Settings fromFile(Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            return parse(
                    file.toAbsolutePath().normalize().toString(),
                    Files.readString(file),
                    folder == null ? Path.of("") : folder);
        } catch (IOException unreadable) {
            throw new SettingsException("The configuration file " + file.toAbsolutePath() + " can't be read: "
                    + (unreadable instanceof NoSuchFileException ? "there is none" : unreadable.toString()));
        }
    }

    private static Optional<Settings> resource(String name, ClassLoader loader) {
        try (InputStream in = loader.getResourceAsStream(name)) {
            return in == null
                    ? Optional.empty()
                    : Optional.of(parse(name, new String(in.readAllBytes(), StandardCharsets.UTF_8), Path.of("")));
        } catch (IOException unreadable) {
            throw new SettingsException("The resource " + name + " can't be read: " + unreadable);
        }
    }

    /** Turns the URI into the YAML it is short for, so that one parser judges both. */
    private static Settings client(URI uri) {
        String authority = uri.getRawAuthority();
        String user = null;
        if (authority != null && authority.indexOf('@') >= 0) {
            user = URLDecoder.decode(
                    authority.substring(0, authority.lastIndexOf('@')).replace("+", "%2B"), StandardCharsets.UTF_8);
            authority = authority.substring(authority.lastIndexOf('@') + 1);
        }
        refusePassword(uri, user);
        if (authority == null || authority.isEmpty()) {
            throw new SettingsException("The URI " + uri + " names no server; write lockstep://host:port");
        }
        StringBuilder yaml = new StringBuilder();
        StringBuilder tls = new StringBuilder();
        StringBuilder client = new StringBuilder("client:\n  servers: ["
                + Stream.of(authority.split("[;,]", -1))
                        .map(SettingsReader::quoted)
                        .collect(Collectors.joining(", "))
                + "]\n");
        if (user != null) {
            client.append("  user: ").append(quoted(user)).append('\n');
        }
        String path = uri.getPath() == null ? "" : uri.getPath();
        if (path.length() > 1) {
            yaml.append("cluster: ").append(quoted(path.substring(1))).append('\n');
        }
        for (String pair :
                uri.getQuery() == null ? new String[0] : uri.getQuery().split("&")) {
            String[] keyAndValue = pair.split("=", 2);
            String line = quoted(keyAndValue[0]) + ": " + quoted(keyAndValue.length == 2 ? keyAndValue[1] : "") + "\n";
            if (keyAndValue[0].equals("cluster")) {
                yaml.append(line);
            } else if (keyAndValue[0].startsWith(TLS)) {
                tls.append("  ").append(line.replaceFirst(Pattern.quote(TLS), ""));
            } else {
                client.append("  ").append(line);
            }
        }
        if (tls.length() > 0) {
            yaml.append("tls:\n").append(tls);
        }
        return read(YamlSection.generated(uri.toString(), yaml.append(client).toString()), Path.of(""));
    }

    /** URIs are logged, and shown in consoles. The message does not have this one either. */
    private static void refusePassword(URI uri, @Nullable String user) {
        boolean literal = uri.getQuery() != null
                && Stream.of(uri.getQuery().split("&"))
                        .anyMatch(option -> PASSWORD.matcher(option).find()
                                && !new Secret(option.substring(option.indexOf('=') + 1), Path.of("")).isReference());
        if (literal || (user != null && user.indexOf(':') >= 0)) {
            throw new SettingsException(
                    "The URI of the CacheManager has a password in it, and URIs are logged. Put it into a file,"
                            + " and write lockstep://user@host:port/cluster?password=file:/path, or into an environment variable,"
                            + " and write ?password=$%7BNAME%7D");
        }
    }

    /** The text as one scalar of YAML, whatever is in it. */
    private static String quoted(String text) {
        StringBuilder scalar = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                scalar.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                scalar.append(String.format("\\u%04x", (int) c));
            } else {
                scalar.append(c);
            }
        }
        return scalar.append('"').toString();
    }

    /**
     * @param source for messages
     * @param folder that relative paths start from
     */
    static Settings parse(String source, String text, Path folder) {
        return read(YamlSection.parse(source, text), folder);
    }

    private static Settings read(YamlSection root, Path folder) {
        root.allow(KEYS);
        boolean insecure = root.flag("insecure", false);
        ClientSettings client = client(root, folder);
        Optional<TlsSettings> tls = tls(root, folder, client.user().isPresent());
        List<Layout.Node> nodes = nodes(root, insecure || tls.isPresent());
        Optional<NodeSettings> node = node(root, nodes, folder, insecure || tls.isPresent());
        if (client.user().isPresent() && tls.isEmpty()) {
            throw root.section("client")
                    .refuse(
                            "user",
                            "a user logs in over an encrypted connection alone: set \"tls\", to a \"directory\" that has the \""
                                    + TlsSettings.AUTHORITIES_FILE + "\" of the nodes at least");
        }
        if (node.isPresent() && !client.servers().isEmpty()) {
            throw root.refuse("client", "a node is no client of others: leave out \"node\" or \"servers\"");
        }
        return new Settings(
                root.string("cluster", "lockstep"),
                node,
                nodes,
                client,
                (int) root.number("shards", Math.max(MIN_DEFAULT_SHARDS, 2 * nodes.size()), 1, 4096),
                (int) root.number("replication-factor", 3, 1, 7),
                orNever(root, "replace-after", REPLACE_AFTER),
                tls,
                insecure,
                limits(root),
                caches(root),
                places(root));
    }

    private static Map<String, String> places(YamlSection root) {
        Map<String, String> places = new LinkedHashMap<>();
        for (String key : root.keys()) {
            places.put(key, root.place(key));
        }
        YamlSection caches = root.section("caches");
        for (String pattern : caches.keys()) {
            places.put("caches." + pattern, caches.place(pattern));
        }
        return places;
    }

    private static Optional<Duration> orNever(YamlSection section, String key, Duration unlessSet) {
        return section.string(key, "").equals("never")
                ? Optional.empty()
                : Optional.of(section.duration(key, unlessSet));
    }

    /** @param logsIn whether this JVM can do without a certificate of its own */
    private static Optional<TlsSettings> tls(YamlSection root, Path folder, boolean logsIn) {
        if (!root.has("tls")) {
            return Optional.empty();
        }
        YamlSection section = root.section("tls")
                .allow(
                        "directory",
                        "certificate",
                        "key",
                        "ca",
                        "password",
                        "minimum-version",
                        "nodes",
                        "client-certificates");
        Path directory = path(section, "directory", folder, "tls");
        Path certificate = path(section, "certificate", directory, TlsSettings.CERTIFICATE_FILE);
        String version = section.string("minimum-version", TLS_13);
        if (!version.equals(TLS_13) && !version.equals(TLS_12)) {
            throw section.refuse("minimum-version", "\"" + version + "\" is neither " + TLS_13 + " nor " + TLS_12);
        }
        return Optional.of(new TlsSettings(
                certificate,
                PKCS12.matcher(certificate.toString()).find()
                        ? Optional.empty()
                        : Optional.of(path(section, "key", directory, TlsSettings.KEY_FILE)),
                path(section, "ca", directory, TlsSettings.AUTHORITIES_FILE),
                section.has("password")
                        ? Optional.of(new Secret(section.string("password", ""), directory))
                        : Optional.empty(),
                version.equals(TLS_12),
                section.strings("nodes"),
                section.choice("client-certificates", ClientCertificates.REQUIRED, ClientCertificates.OPTIONAL)
                                .orElse(ClientCertificates.REQUIRED)
                        == ClientCertificates.REQUIRED,
                logsIn && !root.has("node") && !section.has("certificate")));
    }

    private static List<Layout.Node> nodes(YamlSection root, boolean mayLeaveLoopback) {
        List<Layout.Node> nodes = new ArrayList<>();
        for (YamlSection section : root.sections("members")) {
            section.allow("id", "address", "zone");
            String[] address = hostAndPort(section, "address", section.required("address"));
            if (!mayLeaveLoopback && !Member.isLoopback(address[0])) {
                throw section.refuse(
                        "address",
                        address[0] + " is not a loopback address, and there is neither authentication nor encryption."
                                + " Set \"tls\" (lockstep tls init makes certificates), or, if everyone who can reach it"
                                + " may read and write all caches, say \"insecure: true\"");
            }
            Member member = new Member(nodeId(section, "id"), address[0], Integer.parseInt(address[1]));
            if (nodes.stream().anyMatch(other -> other.id().equals(member.id()))) {
                throw section.refuse("id", "two members are called " + member.id());
            }
            for (Layout.Node node : nodes) {
                Member other = node.member();
                if (other.host().equals(member.host()) && other.port() == member.port()) {
                    throw section.refuse(
                            "address",
                            "members " + other.id() + " and " + member.id()
                                    + " have one address; each needs a port of its own");
                }
            }
            nodes.add(new Layout.Node(member, section.string("zone", ""), Layout.Standing.STAYING));
        }
        return nodes;
    }

    private static NodeId nodeId(YamlSection section, String key) {
        try {
            return new NodeId(section.required(key));
        } catch (IllegalArgumentException invalid) {
            throw section.refuse(key, String.valueOf(invalid.getMessage()));
        }
    }

    private static String[] hostAndPort(YamlSection section, String key, String text) {
        return hostAndPort(section, key, text, 1);
    }

    private static String[] hostAndPort(YamlSection section, String key, String text, int lowestPort) {
        int colon = text.lastIndexOf(':');
        String port = text.substring(colon + 1);
        if (colon < 1
                || !port.matches("\\d{1,5}")
                || Integer.parseInt(port) < lowestPort
                || Integer.parseInt(port) > 65535) {
            throw section.refuse(key, "\"" + text + "\" is no address such as 127.0.0.1:7400");
        }
        return new String[] {text.substring(0, colon), port};
    }

    private static Optional<NodeSettings> node(
            YamlSection root, List<Layout.Node> members, Path folder, boolean mayLeaveLoopback) {
        if (!root.has("node")) {
            return Optional.empty();
        }
        YamlSection section = root.section("node")
                .allow(
                        "id",
                        "data",
                        "raft-log-dir",
                        "raft-log",
                        "store",
                        "durability",
                        "checkpoint-entries",
                        "checkpoint-interval",
                        "max-staleness",
                        "election-timeout",
                        "slow-request",
                        "admin");
        NodeId id = nodeId(section, "id");
        if (members.stream().noneMatch(member -> member.id().equals(id))) {
            throw section.refuse(
                    "id",
                    members.isEmpty()
                            ? "\"members\" is missing: a list of the id and address of every node, \"" + id
                                    + "\" among them"
                            : "\"" + id + "\" is none of the members, which are "
                                    + members.stream()
                                            .map(member -> member.id().name())
                                            .collect(Collectors.joining(", ")));
        }
        Path data = path(section, "data", folder, "data");
        return Optional.of(new NodeSettings(
                id,
                data,
                section.has("raft-log-dir") ? path(section, "raft-log-dir", folder, "") : data,
                section.choice("raft-log", RaftLogKind.DIRECT, RaftLogKind.RATIS)
                        .orElse(RaftLogKind.DIRECT),
                section.choice("store", NodeSettings.Store.HEAP, NodeSettings.Store.ROCKSDB)
                        .orElse(NodeSettings.Store.HEAP),
                section.choice("durability", Durability.PROCESS, Durability.DISK)
                        .orElse(Durability.PROCESS),
                (int) section.number("checkpoint-entries", 20_000, 100, 10_000_000),
                section.duration("checkpoint-interval", Duration.ofMinutes(5)),
                section.duration("max-staleness", Duration.ofSeconds(5)),
                section.duration("election-timeout", Duration.ofSeconds(1)),
                orNever(section, "slow-request", SLOW_REQUEST),
                admin(section, members, mayLeaveLoopback)));
    }

    private static Optional<AdminAddress> admin(
            YamlSection section, List<Layout.Node> members, boolean mayLeaveLoopback) {
        if (!section.has("admin")) {
            return Optional.empty();
        }
        String[] address = hostAndPort(section, "admin", section.required("admin"), 0);
        AdminAddress admin = new AdminAddress(address[0], Integer.parseInt(address[1]));
        if (!mayLeaveLoopback && !Member.isLoopback(admin.host())) {
            throw section.refuse(
                    "admin",
                    admin.host() + " is not a loopback address, and whoever can reach it may ask. Set \"tls\", or say"
                            + " \"insecure: true\"");
        }
        for (Layout.Node node : members) {
            if (node.member().host().equals(admin.host()) && node.member().port() == admin.port()) {
                throw section.refuse(
                        "admin", admin + " is the address of member " + node.id() + "; it needs a port of its own");
            }
        }
        return Optional.of(admin);
    }

    private static Path path(YamlSection section, String key, Path folder, String fallback) {
        try {
            return folder.resolve(section.string(key, fallback));
        } catch (InvalidPathException noPath) {
            throw section.refuse(key, "this is no path: " + noPath.getMessage());
        }
    }

    private static ClientSettings client(YamlSection root, Path folder) {
        YamlSection section =
                root.section("client").allow("servers", "timeout", "connect-timeout", "routing", "user", "password");
        List<String> servers = section.strings("servers");
        servers.forEach(server -> hostAndPort(section, "servers", server));
        return new ClientSettings(
                servers,
                section.duration("timeout", TIMEOUT),
                section.duration("connect-timeout", Duration.ofSeconds(2)),
                section.choice("routing", ClientRouting.DIRECT, ClientRouting.GATEWAY)
                        .orElse(ClientRouting.DIRECT),
                user(section),
                section.has("user") || section.has("password")
                        ? Optional.of(new Secret(section.required("password"), folder))
                        : Optional.empty());
    }

    private static Optional<String> user(YamlSection section) {
        if (!section.has("user") && !section.has("password")) {
            return Optional.empty();
        }
        try {
            return Optional.of(ScramVerifier.user(section.required("user")));
        } catch (ScramException unusable) {
            throw section.refuse("user", String.valueOf(unusable.getMessage()));
        }
    }

    private static LimitSettings limits(YamlSection root) {
        YamlSection section = root.section("limits")
                .allow(
                        "max-frame",
                        "max-in-flight",
                        "memory",
                        "client-requests",
                        "client-bytes",
                        "cache-requests",
                        "cache-bytes",
                        "node-requests",
                        "node-bytes",
                        "catch-up-bytes",
                        "cluster-catch-up-bytes");
        return new LimitSettings(
                (int) section.size("max-frame", 16 << 20, 5 << 20, 16 << 20),
                (int) section.number("max-in-flight", 10_000, 16, 1_000_000),
                memory(section),
                new Rates(rate(section, "client"), rate(section, "cache"), rate(section, "node")),
                new CatchUp(
                        section.size("catch-up-bytes", CatchUp.DEFAULT.nodeBytes(), MIN_CATCH_UP, MAX_BYTES),
                        section.size("cluster-catch-up-bytes", 0, MIN_CATCH_UP, MAX_CLUSTER_CATCH_UP)));
    }

    private static Rate rate(YamlSection section, String of) {
        return new Rate(
                section.number(of + "-requests", 0, 1, MAX_REQUESTS), section.size(of + "-bytes", 0, 1, MAX_BYTES));
    }

    private static MemoryLimit memory(YamlSection section) {
        Matcher share = PERCENTAGE.matcher(section.string("memory", MEMORY));
        if (!share.matches()) {
            return new MemoryLimit(section.size("memory", 0, MIN_MEMORY, Long.MAX_VALUE), 0);
        }
        int percent = Integer.parseInt(share.group(1));
        if (percent < 1 || percent > MemoryLimit.MAX_PERCENT) {
            throw section.refuse("memory", percent + "% is out of range: 1% to " + MemoryLimit.MAX_PERCENT + "%");
        }
        return new MemoryLimit(0, percent);
    }

    private static Map<String, CacheSettings> caches(YamlSection root) {
        Map<String, CacheSettings> caches = new LinkedHashMap<>();
        YamlSection all = root.section("caches");
        for (String pattern : all.keys()) {
            YamlSection section = all.section(pattern)
                    .allow(
                            "max-entries",
                            "max-bytes",
                            "consistency",
                            "entry-processor",
                            "time-to-live",
                            "time-to-idle");
            caches.put(
                    pattern,
                    new CacheSettings(
                            section.has("max-entries")
                                    ? OptionalLong.of(section.number("max-entries", 0, 0, Long.MAX_VALUE))
                                    : OptionalLong.empty(),
                            section.has("max-bytes")
                                    ? OptionalLong.of(section.size("max-bytes", 0, 0, Long.MAX_VALUE))
                                    : OptionalLong.empty(),
                            section.choice("consistency", Consistency.SESSION, Consistency.STRONG),
                            section.choice("entry-processor", EntryProcessing.LEASED, EntryProcessing.OPTIMISTIC),
                            section.optionalDuration("time-to-live"),
                            section.optionalDuration("time-to-idle")));
        }
        return caches;
    }
}
