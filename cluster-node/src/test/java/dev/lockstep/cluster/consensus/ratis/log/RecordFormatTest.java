package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;

class RecordFormatTest {

    private static final List<LogEntryProto> ENTRIES = List.of(entry(7, ""), entry(8, "some bytes"), entry(9, "more"));

    private static LogEntryProto entry(long index, String data) {
        return LogEntryProto.newBuilder()
                .setTerm(3)
                .setIndex(index)
                .setStateMachineLogEntry(
                        StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFromUtf8(data)))
                .build();
    }

    private static byte[] records() throws IOException {
        int size = ENTRIES.stream().mapToInt(RecordFormat::size).sum();
        byte[] records = new byte[size];
        int at = 0;
        for (LogEntryProto entry : ENTRIES) {
            int length = RecordFormat.size(entry);
            RecordFormat.write(entry, records, at, length);
            at += length;
        }
        return records;
    }

    @Test
    void entriesAreReadAsTheyWereWritten() throws IOException {
        assertThat(RecordFormat.read(records(), "a file")).isEqualTo(ENTRIES);
    }

    @Test
    void aRecordOfWhichAnyBitIsFlippedIsRefused() throws IOException {
        byte[] records = records();
        for (int bit = 0; bit < 8 * records.length; bit++) {
            byte[] flipped = records.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> RecordFormat.read(flipped, "a file"))
                    .as("bit %d", bit)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aRecordThatIsCutOffIsRefused() throws IOException {
        byte[] records = records();
        int last = records.length - RecordFormat.size(ENTRIES.get(2));
        for (int size = last + 1; size < records.length; size++) {
            byte[] cut = Arrays.copyOf(records, size);
            assertThatThrownBy(() -> RecordFormat.read(cut, "a file")).isInstanceOf(IOException.class);
        }
    }
}
