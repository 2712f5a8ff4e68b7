package dev.lockstep.samples.shop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.hibernate.jvm.Postgres;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo of {@code ./lockstep shop}. */
@Timeout(300)
class ShopDemoIT {

    @TempDir
    Path home;

    @Test
    void noOldPriceIsShownAndEveryDescriptionIsWrittenOnce() throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(ShopDemo.run(home)).isZero();
        } finally {
            System.setOut(out);
            System.out.print(said.toString(StandardCharsets.UTF_8));
        }
        // None is written again, although an instance and a node are lost.
        assertThat(said.toString(StandardCharsets.UTF_8))
                .contains(Postgres.isInstalled() ? "The database is jdbc:postgresql:" : "The database is jdbc:h2:tcp:")
                .containsPattern("@Cacheable descriptions: hits [1-9]\\d*")
                .containsPattern("Hibernate's products: hits [1-9]\\d*")
                .containsPattern("[1-9]\\d* prices raised, 0 refused")
                .contains("answered by one", "wrong=0 written=200");
    }
}
