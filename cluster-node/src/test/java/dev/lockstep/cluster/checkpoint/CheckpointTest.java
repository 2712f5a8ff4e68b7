package dev.lockstep.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The format of a checkpoint: it is read as it was written, and refused if it differs in anything. */
class CheckpointTest {

    private static final CheckpointId ID = new CheckpointId(3, 7, 123_456_789_012L);

    private static byte[] written(List<byte[]> records) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CheckpointWriter.write(out, ID, records::forEach);
        return out.toByteArray();
    }

    private static List<byte[]> read(byte[] bytes) throws IOException {
        List<byte[]> records = new ArrayList<>();
        assertThat(CheckpointReader.read(new ByteArrayInputStream(bytes), records::add))
                .isEqualTo(ID);
        return records;
    }

    private static List<byte[]> records(int count, int largest) {
        Random random = new Random(count);
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] record = new byte[random.nextInt(largest + 1)];
            random.nextBytes(record);
            records.add(record);
        }
        return records;
    }

    @Test
    void recordsComeBackInOrder() throws IOException {
        for (List<byte[]> records :
                List.of(List.<byte[]>of(), records(1, 0), records(1_000, 300), records(5, 5_000_000))) {
            assertThat(read(written(records))).containsExactlyElementsOf(records);
        }
    }

    @Test
    void repetitiveEntriesAreCompressed() throws IOException {
        assertThat(written(List.of(new byte[4 << 20]))).hasSizeLessThan(100_000);
    }

    @Test
    void everyByteOfFourKibibytesIsGuarded() throws IOException {
        CorruptedCheckpoint checkpoint = CorruptedCheckpoint.ofAtLeast(4_096);
        assertThat(checkpoint.size()).isGreaterThan(4_096);
        assertThat(checkpoint.harmEach(at -> {})).isEmpty();
        assertThat(checkpoint.tried()).isGreaterThan(3L * checkpoint.size());
    }

    @Test
    void flippedBitsInCheckpointsOfManyBlocksAreRefused() throws IOException {
        byte[] whole = written(records(60, 5_000));
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            byte[] harmed = whole.clone();
            harmed[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            assertThat(CorruptedCheckpoint.isRefused(harmed)).isTrue();
        }
    }

    @Test
    void anotherFormatIsRefusedNamingBothThoughNothingIsHarmed() throws IOException {
        byte[] older = written(records(3, 10));
        older[4] = 1;
        CRC32C head = new CRC32C();
        head.update(older, 0, CheckpointWriter.HEAD_BYTES);
        ByteBuffer.wrap(older).putInt(CheckpointWriter.HEAD_BYTES, (int) head.getValue());
        assertThatThrownBy(() -> read(older))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(CorruptCheckpointException.class)
                .hasMessageContaining("format 1")
                .hasMessageContaining("reads format " + CheckpointWriter.FORMAT);
    }

    @Test
    void blocksThatChangedPlacesAreRefused() throws IOException {
        byte[] first = new byte[CheckpointWriter.BLOCK_BYTES];
        byte[] second = new byte[CheckpointWriter.BLOCK_BYTES];
        Arrays.fill(second, (byte) 1);
        byte[] whole = written(List.of(first, second));
        byte[] changed = written(List.of(second, first));
        System.arraycopy(whole, whole.length - 20, changed, whole.length - 20, 20);
        assertThatThrownBy(() -> read(changed)).isInstanceOf(CorruptCheckpointException.class);
    }

    @Test
    void bytesAfterTheEndAreRefused() throws IOException {
        byte[] whole = written(records(3, 10));
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length + 1)))
                .isInstanceOf(CorruptCheckpointException.class);
    }
}
