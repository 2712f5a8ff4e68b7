package dev.lockstep.spring.boot;

import dev.lockstep.protocol.settings.SettingsException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells where in a settings' file what is wrong. */
final class SettingsFailureAnalyzer extends AbstractFailureAnalyzer<SettingsException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, SettingsException cause) {
        return new FailureAnalysis(
                "Lockstep's settings can't be used: " + cause.getMessage(),
                "Correct the file that lockstep.config or spring.cache.jcache.config names, or lockstep.yaml on the class"
                        + " path.",
                cause);
    }
}
