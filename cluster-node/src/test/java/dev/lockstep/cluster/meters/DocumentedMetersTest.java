package dev.lockstep.cluster.meters;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of the meters, compared with the catalogue. */
class DocumentedMetersTest {

    private static final String HEADER = "| meter | kind | tags | what it measures | when it moves |";

    private static String row(NodeMeter meter) {
        String tags = meter.tags().stream().map(tag -> "`" + tag + "`").collect(Collectors.joining(", "));
        return "| `%s` | %s%s | %s | %s | %s |"
                .formatted(
                        meter.prometheusName(),
                        meter.kind().name().toLowerCase(Locale.ROOT),
                        meter.unit() == null ? "" : ", " + meter.unit(),
                        tags,
                        meter.description(),
                        meter.advice());
    }

    @Test
    void thePageIsThatOfTheCatalogue() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("../docs/metrics.md")).stream()
                .dropWhile(line -> !line.equals(HEADER))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .toList();

        assertThat(rows)
                .containsExactlyElementsOf(Stream.of(NodeMeter.values())
                        .map(DocumentedMetersTest::row)
                        .toList());
    }

    @Test
    void eachMeterIsDescribedInSentencesAndSaysWhatToDo() {
        assertThat(NodeMeter.values()).allSatisfy(meter -> {
            assertThat(meter.id()).matches("lockstep(\\.[a-z]+)+");
            assertThat(meter.description()).matches("[A-Z0-9].*[^.]");
            assertThat(meter.advice()).matches("[A-Z`].*[^.]");
        });
    }
}
