package dev.lockstep.spring.boot;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Names a property that can't be used. */
final class InvalidLockstepPropertyFailureAnalyzer extends AbstractFailureAnalyzer<InvalidLockstepPropertyException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidLockstepPropertyException cause) {
        return new FailureAnalysis(
                String.format(
                        "The property %s can't be used:%n%n    Value: %s%n    Reason: %s",
                        cause.property(), cause.value(), cause.reason()),
                "Change " + cause.property() + " in the application's configuration.",
                cause);
    }
}
