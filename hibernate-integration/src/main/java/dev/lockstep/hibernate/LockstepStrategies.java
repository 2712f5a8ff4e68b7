package dev.lockstep.hibernate;

import java.util.List;
import org.hibernate.boot.registry.selector.SimpleStrategyRegistrationImpl;
import org.hibernate.boot.registry.selector.StrategyRegistration;
import org.hibernate.boot.registry.selector.StrategyRegistrationProvider;
import org.hibernate.cache.spi.RegionFactory;

/** The short name {@code lockstep} for {@code hibernate.cache.region.factory_class}. Stateless. */
public final class LockstepStrategies implements StrategyRegistrationProvider {

    @Override
    public Iterable<StrategyRegistration<?>> getStrategyRegistrations() {
        return List.of(new SimpleStrategyRegistrationImpl<>(
                RegionFactory.class, LockstepRegionFactory.class, LockstepRegionFactory.SHORT_NAME));
    }
}
