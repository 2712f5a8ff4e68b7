package dev.lockstep.cluster.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The places of the defects, which move when the code does; {@link PlantedIT} plants them. */
class DefectTest {

    @TestFactory
    Stream<DynamicTest> eachDefectCanBePlanted() {
        return Defect.ALL.stream()
                .map(defect -> DynamicTest.dynamicTest(defect.name(), () -> {
                    String source = Files.readString(Path.of("..").resolve(defect.file()));
                    assertThat(Plant.planted(source, defect)).isNotEqualTo(source);
                }));
    }
}
