package dev.lockstep.cluster.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.consensus.ratis.files.LogDisk.OpenFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedLogDiskTest {

    private static final int SECTOR = 512;

    @TempDir
    Path temporary;

    private final SplittableRandom random = new SplittableRandom(1);
    private int disks;
    private Path folder;

    private SimulatedLogDisk disk() throws IOException {
        folder = Files.createDirectory(temporary.resolve("disk-" + disks++));
        return new SimulatedLogDisk(folder, random);
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private static void write(OpenFile file, int position, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        file.write(position, bytes, bytes.length);
    }

    private String names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .sorted()
                    .toList()
                    .toString();
        }
    }

    private String text(String name) throws IOException {
        return Files.readString(file(name)).replace('\0', '-');
    }

    @Test
    void whatIsSyncedSurvivesAPowerCutAndAnyPartOfTheRestMay() throws IOException {
        Set<String> left = new TreeSet<>();
        for (int i = 0; i < 500; i++) {
            SimulatedLogDisk disk = disk();
            OpenFile file = disk.open(file("one"));
            write(file, 0, "synced");
            file.sync();
            disk.syncNames(folder);
            write(file, SECTOR, "a");
            write(file, 2 * SECTOR, "b");
            disk.losePower();
            String text = text("one");
            assertThat(text).startsWith("synced");
            left.add(text.replaceAll("-+", "-"));
        }
        assertThat(left)
                .containsExactlyInAnyOrder("synced", "synced-", "synced-a", "synced-a-", "synced-b", "synced-a-b");
    }

    @Test
    void allThatWasWrittenOutlastsTheProcessAndStaysUnsynced() throws IOException {
        Set<String> left = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            SimulatedLogDisk disk = disk();
            write(disk.open(file("one")), 0, "abc");
            disk.endProcess();
            assertThat(text("one")).isEqualTo("abc");
            disk.syncNames(folder);
            disk.losePower();
            left.add(text("one"));
        }
        assertThat(left).containsExactlyInAnyOrder("", "---", "abc");
    }

    @Test
    void namesAreLostFromTheLastOn() throws IOException {
        Set<String> left = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            SimulatedLogDisk disk = disk();
            disk.open(file("old")).close();
            disk.syncNames(folder);
            disk.open(file("draft")).close();
            disk.rename(file("draft"), file("new"));
            disk.delete(file("old"));
            disk.losePower();
            left.add(names());
        }
        assertThat(left).containsExactlyInAnyOrder("[old]", "[draft, old]", "[new, old]", "[new]");
    }

    @Test
    void whatRatisDeletesByItselfIsGoneOnceTheNamesAreSynced() throws IOException {
        for (int i = 0; i < 20; i++) {
            SimulatedLogDisk disk = disk();
            disk.open(file("empty")).close();
            disk.syncNames(folder);
            Files.delete(file("empty"));
            disk.syncNames(folder);
            disk.losePower();
            assertThat(names()).isEqualTo("[]");
        }
    }

    @Test
    void aProcessEndsInTheMiddleOfAWriteAndDoesNothingMore() throws IOException {
        Set<Long> written = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            SimulatedLogDisk disk = disk();
            OpenFile file = disk.open(file("one"));
            disk.endProcessWithin(1);
            assertThatThrownBy(() -> file.write(0, new byte[10_000], 10_000)).isInstanceOf(IOException.class);
            assertThat(disk.hasEnded()).isTrue();
            assertThatThrownBy(() -> disk.delete(file("one"))).isInstanceOf(IOException.class);
            disk.endProcess();
            written.add(Files.size(file("one")));
            disk.delete(file("one"));
        }
        assertThat(written).isEqualTo(new TreeSet<>(List.of(0L, 4_096L, 8_192L)));
    }

    @Test
    void aSyncThatSucceedsAfterOneThatFailedHasNoEffect() throws IOException {
        Set<String> left = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            SimulatedLogDisk disk = disk();
            OpenFile file = disk.open(file("one"));
            disk.syncNames(folder);
            write(file, 0, "abc");
            disk.failNextSync();
            assertThatThrownBy(file::sync).hasMessageContaining("error");
            file.sync();
            assertThat(disk.syncHasFailed()).isTrue();
            disk.losePower();
            left.add(text("one"));
        }
        assertThat(left).contains("", "abc");
    }

    @Test
    void aFlippedBitIsFlippedForGood() throws IOException {
        SimulatedLogDisk disk = disk();
        assertThat(disk.flip()).isNull();
        write(disk.open(file("one")), 0, "abcdef");
        disk.endProcess();
        assertThat(disk.flip()).startsWith("byte ");
        byte[] flipped = Files.readAllBytes(file("one"));
        disk.losePower();
        assertThat(Files.readAllBytes(file("one"))).isEqualTo(flipped);
        int differences = 0;
        for (int i = 0; i < flipped.length; i++) {
            differences += Integer.bitCount(flipped[i] ^ ('a' + i));
        }
        assertThat(differences).isOne();
    }
}
