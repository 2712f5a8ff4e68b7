package dev.lockstep.spring.boot;

import dev.lockstep.protocol.settings.Spelling;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Names a property of Lockstep's that does not exist, and the one that may have been meant. Before Boot's own, which knows less. */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class UnknownLockstepPropertyFailureAnalyzer
        extends AbstractFailureAnalyzer<UnboundConfigurationPropertiesException> {

    private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(LockstepProperties.PREFIX);
    private static final ConfigurationPropertyName CACHES = PREFIX.append("caches");

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, UnboundConfigurationPropertiesException cause) {
        List<ConfigurationProperty> unknown = cause.getUnboundProperties().stream()
                .filter(property -> PREFIX.isAncestorOf(property.getName()))
                .toList();
        if (unknown.isEmpty()) {
            return null;
        }
        StringBuilder description = new StringBuilder("There is no such property of Lockstep:");
        for (ConfigurationProperty property : unknown) {
            description.append(String.format(
                    "%n%n    Property: %s%n    Value: %s%n    Origin: %s%n    Did you mean: %s",
                    property.getName(), property.getValue(), property.getOrigin(), nearest(property.getName())));
        }
        return new FailureAnalysis(
                description.toString(), "Correct or remove it in the application's configuration.", cause);
    }

    /** Searches the properties at the same place in the hierarchy. */
    private static String nearest(ConfigurationPropertyName name) {
        boolean ofCache = CACHES.isAncestorOf(name) && name.getNumberOfElements() > 3;
        ConfigurationPropertyName parent = ofCache ? name.chop(3) : PREFIX;
        Class<?> type = ofCache ? LockstepProperties.Template.class : LockstepProperties.class;
        String wrong = name.getElement(parent.getNumberOfElements(), Form.DASHED);
        return parent.append(Spelling.nearest(wrong, keys(type))).toString();
    }

    private static List<String> keys(Class<?> record) {
        return Stream.of(record.getRecordComponents())
                .map(RecordComponent::getName)
                .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT))
                .toList();
    }
}
