package dev.lockstep.spring.boot;

import dev.lockstep.protocol.settings.Settings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.env.Environment;

/** Refuses durations of Lockstep's properties without a unit, as a settings' file does: Boot would take them for milliseconds. */
final class DurationUnits implements ConfigurationPropertiesBindHandlerAdvisor {

    private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(LockstepProperties.PREFIX);

    private final Environment environment;

    DurationUnits(Environment environment) {
        this.environment = environment;
    }

    @Override
    public BindHandler apply(BindHandler handler) {
        return new AbstractBindHandler(handler) {
            @Override
            public @Nullable Object onSuccess(
                    ConfigurationPropertyName name, Bindable<?> target, BindContext context, Object result) {
                ConfigurationProperty property = context.getConfigurationProperty();
                if (result instanceof Duration && property != null && PREFIX.isAncestorOf(name)) {
                    refuseNumber(name, property);
                }
                return super.onSuccess(name, target, context, result);
            }
        };
    }

    private void refuseNumber(ConfigurationPropertyName name, ConfigurationProperty property) {
        String value = environment.resolvePlaceholders(String.valueOf(property.getValue()));
        if (value.strip().matches("[+-]?\\d+")) {
            throw new InvalidLockstepPropertyException(name.toString(), value, Settings.withoutUnit(value.strip()));
        }
    }
}
