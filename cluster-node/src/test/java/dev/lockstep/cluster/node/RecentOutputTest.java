package dev.lockstep.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.junit.jupiter.api.Test;

class RecentOutputTest {

    private final ByteArrayOutputStream passed = new ByteArrayOutputStream();
    private final RecentOutput output = new RecentOutput(new PrintStream(passed, true, Charset.defaultCharset()));
    private final PrintStream out = new PrintStream(output, true, Charset.defaultCharset());

    @Test
    void whatIsWrittenIsPassedOnAndKept() {
        assertThat(output.kept()).isEmpty();
        out.print("one\ntwo\n");
        assertThat(output.kept()).isEqualTo("one\ntwo\n");
        assertThat(passed.toString(Charset.defaultCharset())).isEqualTo("one\ntwo\n");
    }

    @Test
    void theLastWholeLinesAreKept() {
        int lines = 20_001; // so that what is kept begins within a line
        for (int i = 0; i < lines; i++) {
            out.print("line " + i + " of many\n");
        }
        String kept = output.kept();
        assertThat(kept).endsWith("line " + (lines - 1) + " of many\n").startsWith("line ");
        assertThat(kept.length()).isBetween(RecentOutput.KEPT_BYTES - 30, RecentOutput.KEPT_BYTES);
        assertThat(kept.lines()).allMatch(line -> line.matches("line \\d+ of many"));
        assertThat(passed.toString(Charset.defaultCharset()).lines()).hasSize(lines);
    }
}
