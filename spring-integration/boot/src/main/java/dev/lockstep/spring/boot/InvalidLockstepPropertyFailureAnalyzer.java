package dev.lockstep.spring.boot;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Names a property that can't be used. Before Boot's own, which would tell only where binding failed. */
@Order(Ordered.HIGHEST_PRECEDENCE)
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
