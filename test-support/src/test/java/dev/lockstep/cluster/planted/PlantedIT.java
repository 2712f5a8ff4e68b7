package dev.lockstep.cluster.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A suite that does not find the defects it is there for has failed. */
class PlantedIT {

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void everyPlantedDefectIsCaught() throws Exception {
        List<Planted.Fate> fates = Planted.fates(Planted.SCHEDULES, System.out::println);
        assertThat(fates).hasSameSizeAs(Defect.ALL).hasSizeGreaterThan(11);
        assertThat(fates).filteredOn(fate -> fate.caught() == null).isEmpty();
    }

    /** A suite that is red anyway catches nothing. */
    @Test
    void correctCodeIsNotReported() throws Exception {
        for (String suite : Defect.ALL.stream().map(Defect::suite).distinct().toList()) {
            String right = "return !sent && !over";
            Defect none = new Defect(
                    "nothing",
                    "cluster-node/src/main/java/dev/lockstep/cluster/readindex/ReadIndexBatch.java",
                    right,
                    right,
                    suite);
            assertThat(Planted.fate(none, 100).caught()).as(suite).isNull();
        }
    }
}
