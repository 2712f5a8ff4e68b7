package dev.lockstep.protocol.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeapShareTest {

    @Test
    void aSmallHeapMakesBoundsSmaller() {
        assertThat(HeapShare.atMost(8 << 20, 128 << 20, 64)).isEqualTo(2 << 20);
        assertThat(HeapShare.atMost(8 << 20, 4L << 30, 64)).isEqualTo(8 << 20);
    }
}
