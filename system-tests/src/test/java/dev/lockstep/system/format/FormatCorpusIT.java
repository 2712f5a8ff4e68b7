package dev.lockstep.system.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.cluster.testing.Clients;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.protocol.session.Session;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.wire.CacheInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nodes of the present version start from the data folders of each version in the corpus, and go on with them. */
class FormatCorpusIT {

    private static final Path CORPUS = Path.of("src/test/formats");

    @TempDir
    Path home;

    static List<Path> archives() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS)) {
            return files.sorted().toList();
        }
    }

    @Test
    void thePresentVersionIsInTheCorpus() throws IOException {
        assertThat(archives().stream().map(CorpusArchive::of))
                .containsAll(CorpusMain.STORES.stream()
                        .map(store -> new CorpusArchive(ClusterVersion.NEWEST, store))
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("archives")
    void nodesStartFromItReadEveryEntryChangeItAndStartAgain(Path file) throws Exception {
        CorpusArchive archive = CorpusArchive.of(file);
        CorpusArchive.unpack(file, home);
        try (NodeProcesses nodes = NodeProcesses.start(home, 3, "store: " + archive.store(), CorpusMain.SETTINGS)) {
            try (Clients clients = new Clients("processes", nodes.addresses())) {
                Session session = clients.open();
                assertThat(session.currentView().join().layout().clusterVersion())
                        .isEqualTo(archive.version());
                List<CacheInfo> caches = session.caches().join();
                assertThat(caches.stream().map(CacheInfo::definition))
                        .containsExactlyInAnyOrderElementsOf(CorpusContent.caches(archive.version()));
                for (CacheInfo cache : caches) {
                    assertThat(CorpusContent.read(session, cache.id()))
                            .as(cache.definition().name())
                            .isEqualTo(CorpusContent.expected(cache.definition()));
                    CorpusContent.change(session, cache);
                }
                if (archive.version().hasUsers()) {
                    assertThat(session.access().join()).matches(CorpusContent::isExpected);
                }
            }
            nodes.stop();
            nodes.makeWhole();
            try (Clients clients = new Clients("processes", nodes.addresses())) {
                Session session = clients.open();
                for (CacheInfo cache : session.caches().join()) {
                    assertThat(CorpusContent.read(session, cache.id()))
                            .as(cache.definition().name())
                            .isEqualTo(CorpusContent.changed(cache.definition()));
                }
            }
        }
    }
}
