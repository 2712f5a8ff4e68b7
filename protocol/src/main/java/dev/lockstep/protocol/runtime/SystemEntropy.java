package dev.lockstep.protocol.runtime;

import java.security.SecureRandom;

/** The machine's secure generator. */
enum SystemEntropy implements Entropy {
    INSTANCE;

    private final SecureRandom random = new SecureRandom();

    @Override
    public long nextLong() {
        return random.nextLong();
    }
}
