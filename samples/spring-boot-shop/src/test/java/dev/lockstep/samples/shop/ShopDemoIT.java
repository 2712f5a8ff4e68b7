package dev.lockstep.samples.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./lockstep shop} shows. */
@Timeout(300)
class ShopDemoIT {

    @TempDir
    Path home;

    @Test
    void everyAnswerIsRightAndEveryProductIsReadOnce() throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(ShopDemo.run(home)).isZero();
        } finally {
            System.setOut(out);
            System.out.print(said.toString(StandardCharsets.UTF_8));
        }
        // A second query of a product is only allowed if the shard's leader was killed while it was read, and nothing
        // was then.
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("answered by one", "wrong=0 queries=200");
    }
}
