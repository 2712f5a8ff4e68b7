package dev.lockstep.cluster.consensus.ratis.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log as Ratis writes it: a first entry that was synced, a last one that was being written, and zeros up to the end. */
class LogTailRepairTest {

    private static final int SECTOR = 512;
    private static final int PADDING = 3 * SECTOR;

    private static byte[] entry(int length, int fill) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int rest = length; rest > 0; rest >>>= 7) {
            bytes.write(rest > 0x7F ? (rest & 0x7F) | 0x80 : rest);
        }
        byte[] content = new byte[length];
        Arrays.fill(content, (byte) fill);
        bytes.writeBytes(content);
        CRC32C checksum = new CRC32C();
        checksum.update(bytes.toByteArray());
        bytes.writeBytes(
                ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
        return bytes.toByteArray();
    }

    private static byte[] log(byte[]... entries) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes("RaftLog1".getBytes(StandardCharsets.UTF_8));
        for (byte[] entry : entries) {
            bytes.writeBytes(entry);
        }
        bytes.writeBytes(new byte[PADDING]);
        return bytes.toByteArray();
    }

    private static byte[] log(int first, int last) {
        return log(entry(first, 7), entry(last, 9));
    }

    private static int lastBegins(int first) {
        return 8 + entry(first, 7).length;
    }

    @Test
    void aWholeLogIsLeftAlone() {
        assertThat(LogTailRepair.find(log(300, 5_000))).isNegative();
        assertThat(LogTailRepair.find(log())).isNegative();
        assertThat(LogTailRepair.find(new byte[0])).isNegative();
        assertThat(LogTailRepair.find(new byte[4])).isNegative();
    }

    /** Each combination of the first eight sectors that the last entry touches, but for all of them being there. */
    @ParameterizedTest
    @ValueSource(ints = {90, 300, 495, 496, 497, 500, 1_000})
    void missingSectorsOfTheLastEntryAreFound(int first) {
        byte[] whole = log(first, 3_500);
        int begins = lastBegins(first);
        int sectors = (begins + entry(3_500, 9).length - 1) / SECTOR - begins / SECTOR + 1;
        for (int there = 0; there < (1 << sectors) - 1; there++) {
            byte[] torn = whole.clone();
            for (int i = 0; i < sectors; i++) {
                if (((there >> i) & 1) == 0) {
                    int from = Math.max(begins, (begins / SECTOR + i) * SECTOR);
                    Arrays.fill(torn, from, (begins / SECTOR + i + 1) * SECTOR, (byte) 0);
                }
            }
            boolean nothing = Arrays.equals(torn, log(entry(first, 7), new byte[entry(3_500, 9).length]));
            assertThat(LogTailRepair.find(torn)).isEqualTo(nothing ? -1 : begins);
        }
    }

    /** Out of order: the entry behind the torn one is whole, and goes with it. */
    @Test
    void entriesBehindATornOneAreTruncatedToo() {
        byte[] torn = log(entry(300, 7), entry(2_000, 8), entry(2_000, 9));
        Arrays.fill(torn, SECTOR, 2 * SECTOR, (byte) 0);
        assertThat(LogTailRepair.find(torn)).isEqualTo(lastBegins(300));
    }

    /** Ratis drops it by itself where the file ends. */
    @Test
    void anEntryThatTheFileEndsInIsLeftToRatis() {
        byte[] whole = log(300, 5_000);
        assertThat(LogTailRepair.find(Arrays.copyOf(whole, lastBegins(300) + 2_000)))
                .isNegative();
    }

    @Test
    void damageIsNotTakenForATornEntry() {
        byte[] whole = log(300, 5_000);
        for (int at = 8; at < whole.length - PADDING; at += 37) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            assertThat(LogTailRepair.find(damaged)).as("a bit of byte %d", at).isNegative();
            damaged[at] = 0;
            assertThat(LogTailRepair.find(damaged)).as("byte %d zeroed", at).isNegative();
        }
    }

    @Test
    void theFileIsCutOffWhereTheTornEntryBegins(@TempDir Path group) throws Exception {
        byte[] torn = log(300, 5_000);
        Arrays.fill(torn, 2 * SECTOR, 3 * SECTOR, (byte) 0);
        Path last = Files.write(group.resolve("log_inprogress_17"), torn);
        Path full = Files.write(group.resolve("log_0-16"), torn);
        LogTailRepair.cutOff(LogDisk.SYSTEM, group);
        assertThat(Files.readAllBytes(last)).isEqualTo(Arrays.copyOf(torn, lastBegins(300)));
        assertThat(Files.readAllBytes(full)).isEqualTo(torn);
        LogTailRepair.cutOff(LogDisk.SYSTEM, group.resolve("none"));
    }

    @Test
    void aLogThatEndsBeforeTheCheckpointIsForgotten(@TempDir Path group) throws Exception {
        Path first = Files.write(group.resolve("log_0-4"), log(entry(40, 1)));
        Path last = Files.write(group.resolve("log_inprogress_5"), log(entry(40, 1), entry(900, 2)));
        LogTailRepair.forgetIfBehind(LogDisk.SYSTEM, group, 6);
        assertThat(first).exists();
        assertThat(last).exists();
        LogTailRepair.forgetIfBehind(LogDisk.SYSTEM, group, 7);
        assertThat(first).doesNotExist();
        assertThat(last).doesNotExist();
    }

    /** Ratis would open it, and refuse the next entry since some before that are missing. */
    @Test
    void aLogThatEndsInAnEntryBeforeTheCheckpointIsRemoved(@TempDir Path group) throws Exception {
        byte[] whole = log(entry(40, 1), entry(900, 2));
        Path last = Files.write(group.resolve("log_inprogress_5"), Arrays.copyOf(whole, 400));
        LogTailRepair.forgetIfBehind(LogDisk.SYSTEM, group, 5);
        assertThat(last).exists();
        LogTailRepair.forgetIfBehind(LogDisk.SYSTEM, group, 6);
        assertThat(last).doesNotExist();
    }

    @Test
    void aDamagedLogIsNot(@TempDir Path group) throws Exception {
        byte[] damaged = log(entry(40, 1), entry(900, 2), entry(40, 3));
        damaged[60] ^= 1;
        Path last = Files.write(group.resolve("log_inprogress_5"), damaged);
        LogTailRepair.forgetIfBehind(LogDisk.SYSTEM, group, 100);
        assertThat(last).hasBinaryContent(damaged);
    }

    @Test
    void fullFilesThatWereNotRenamedYetAreRenamedAndLoseTheirPadding(@TempDir Path group) throws Exception {
        byte[] full = log(300, 500);
        Files.write(group.resolve("log_inprogress_0"), full);
        Files.write(group.resolve("log_inprogress_2"), full);
        Files.write(group.resolve("log_inprogress_4"), log(300, 500));
        LogTailRepair.cutOff(LogDisk.SYSTEM, group);
        assertThat(group.resolve("log_0-1")).hasBinaryContent(Arrays.copyOf(full, full.length - PADDING));
        assertThat(group.resolve("log_2-3")).hasBinaryContent(Arrays.copyOf(full, full.length - PADDING));
        assertThat(group.resolve("log_inprogress_4")).hasBinaryContent(log(300, 500));
        assertThat(group.resolve("log_inprogress_0")).doesNotExist();
    }

    @Test
    void filesBehindAFullFileWithoutItsEndAreDeleted(@TempDir Path group) throws Exception {
        Files.write(group.resolve("log_inprogress_0"), log(entry(300, 7)));
        Files.write(group.resolve("log_inprogress_2"), log(300, 500));
        LogTailRepair.cutOff(LogDisk.SYSTEM, group);
        assertThat(group.resolve("log_inprogress_0")).hasBinaryContent(log(entry(300, 7)));
        assertThat(group.resolve("log_inprogress_2")).doesNotExist();
    }

    @Test
    void aFullFileThatIsDamagedIsLeftToBeFound(@TempDir Path group) throws Exception {
        byte[] damaged = log(300, 500);
        damaged[40] ^= 1;
        Files.write(group.resolve("log_inprogress_0"), damaged);
        Files.write(group.resolve("log_inprogress_2"), log(300, 500));
        LogTailRepair.cutOff(LogDisk.SYSTEM, group);
        assertThat(group.resolve("log_inprogress_0")).hasBinaryContent(damaged);
        assertThat(group.resolve("log_inprogress_2")).exists();
    }
}
