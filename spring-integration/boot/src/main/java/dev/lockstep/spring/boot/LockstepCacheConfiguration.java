package dev.lockstep.spring.boot;

import dev.lockstep.jcache.spi.ClientIdentity;
import dev.lockstep.protocol.scram.ScramCredentials;
import dev.lockstep.spring.LockstepCacheManager;
import dev.lockstep.spring.boot.LockstepProperties.OnError;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.cache.CacheManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.util.ClassUtils;

/**
 * The CacheManager of JSR-107 and Spring's, for an auto-configuration to import that has a {@link CacheCustomizers}.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(LockstepProperties.class)
@ImportRuntimeHints(LockstepRuntimeHints.class)
public class LockstepCacheConfiguration {

    private static final Logger LOG = LoggerFactory.getLogger(LockstepCacheConfiguration.class);
    private static final String BOOTS = "spring.cache.";
    private static final String TRANSACTIONS = "org.springframework.transaction.support.TransactionSynchronization";

    /** Named as Boot's own, whose place it takes. */
    @Bean(destroyMethod = "close")
    CacheManager jCacheCacheManager(
            LockstepProperties properties,
            ConfigurableEnvironment environment,
            ResourceLoader resources,
            ListableBeanFactory beans,
            ObjectProvider<SslBundles> bundles,
            CacheCustomizers customizers) {
        Properties own = new Properties();
        customizers.customize(own);
        URI uri = Connection.of(properties, environment.getProperty(BOOTS + "jcache.config"), resources);
        ClassLoader loader = resources.getClassLoader();
        return LockstepCacheManager.open(
                uri,
                loader == null ? LockstepCacheConfiguration.class.getClassLoader() : loader,
                allowed(properties, beans),
                own,
                identity(properties, bundles),
                Templates.of(properties.caches(), environment));
    }

    private static ClientIdentity identity(LockstepProperties properties, ObjectProvider<SslBundles> bundles) {
        String bundle = properties.ssl().bundle();
        String user = properties.username();
        String password = properties.password();
        return new ClientIdentity(
                bundle == null ? null : new BundleCredentials(bundles.getObject(), bundle),
                user == null || password == null ? null : new ScramCredentials(user, password::toCharArray));
    }

    /** The application trusts its own classes. */
    private static List<String> allowed(LockstepProperties properties, ListableBeanFactory beans) {
        List<String> allowed = new ArrayList<>(properties.serialization().allowed());
        if (AutoConfigurationPackages.has(beans)) {
            AutoConfigurationPackages.get(beans).stream()
                    .filter(name -> !name.isEmpty())
                    .map(name -> name + ".*")
                    .forEach(allowed::add);
        }
        return allowed;
    }

    @Bean
    LockstepCacheManager cacheManager(
            CacheManager jCacheCacheManager,
            LockstepProperties properties,
            ConfigurableEnvironment environment,
            ObjectProvider<javax.cache.configuration.Configuration<?, ?>> configuration,
            CacheCustomizers customizers) {
        refuseTransactionsWithoutSpringsOwn(properties);
        customizers.customize(jCacheCacheManager);
        LockstepCacheManager manager = new LockstepCacheManager(jCacheCacheManager);
        manager.setTransactionAware(properties.transactionAware());
        manager.setMissOnError(properties.onError() == OnError.MISS);
        LOG.info("Lockstep: {}", manager.location());
        configuration.ifAvailable(manager::setConfiguration);
        List<String> names = Binder.get(environment)
                .bind(BOOTS + "cache-names", Bindable.listOf(String.class))
                .orElse(List.of());
        if (!names.isEmpty()) {
            manager.setCacheNames(names);
        }
        customizers.customize(manager);
        return manager;
    }

    private static void refuseTransactionsWithoutSpringsOwn(LockstepProperties properties) {
        if (properties.transactionAware() && !ClassUtils.isPresent(TRANSACTIONS, null)) {
            throw new InvalidLockstepPropertyException(
                    LockstepProperties.PREFIX + ".transaction-aware",
                    true,
                    "there are no transactions to wait for: add the dependency org.springframework:spring-tx");
        }
    }

    /** Opens the caches that the application names, before they are used. */
    @Bean
    CachesAtStart lockstepCachesAtStart(
            LockstepCacheManager cacheManager, LockstepProperties properties, ConfigurableListableBeanFactory beans) {
        return new CachesAtStart(cacheManager, properties, beans);
    }

    @Bean
    static DurationUnits lockstepDurationUnits(Environment environment) {
        return new DurationUnits(environment);
    }
}
