package dev.lockstep.jcache.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.reflect.Proxy;
import javax.cache.configuration.MutableConfiguration;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** Beans at a server of the test's own, under the names and with the attributes that JSR-107 gives them. */
class BeansTest {

    private static final String STATISTICS =
            "javax.cache:type=CacheStatistics,CacheManager=lockstep.//here,Cache=prices";
    private static final String CONFIGURATION =
            "javax.cache:type=CacheConfiguration,CacheManager=lockstep.//here,Cache=prices";

    private final MBeanServer server = MBeanServerFactory.newMBeanServer();
    private final MutableConfiguration<String, Integer> configuration =
            new MutableConfiguration<String, Integer>().setTypes(String.class, Integer.class);
    private final Statistics statistics = new Statistics();
    private final Beans beans = beans(server, "prices", statistics);

    private Beans beans(MBeanServer at, String cache, Statistics own) {
        return new Beans(at, "lockstep://here", cache, new ConfigurationBean(() -> configuration), own);
    }

    private boolean isShown(String name) throws Exception {
        return server.isRegistered(new ObjectName(name));
    }

    @Test
    void eachBeanIsShownFromWhenItIsSwitchedOnUntilItIsSwitchedOff() throws Exception {
        beans.statistics(true);
        assertThat(isShown(STATISTICS)).isTrue();
        assertThat(isShown(CONFIGURATION)).isFalse();

        beans.management(true);
        beans.statistics(false);
        assertThat(isShown(STATISTICS)).isFalse();
        assertThat(isShown(CONFIGURATION)).isTrue();
    }

    @Test
    void theStatisticsBeanShowsWhatIsCounted() throws Exception {
        beans.statistics(true);
        statistics.reads(3, 1, 8_000);

        assertThat(server.getAttribute(new ObjectName(STATISTICS), "CacheHits")).isEqualTo(3L);
        assertThat(server.getAttribute(new ObjectName(STATISTICS), "CacheHitPercentage"))
                .isEqualTo(75f);
        assertThat(server.getAttribute(new ObjectName(STATISTICS), "AverageGetTime"))
                .isEqualTo(2f);
        server.invoke(new ObjectName(STATISTICS), "clear", null, null);
        assertThat(statistics.getCacheHits()).isZero();
    }

    @Test
    void theConfigurationBeanShowsTheConfigurationAsItIsNow() throws Exception {
        beans.management(true);
        ObjectName name = new ObjectName(CONFIGURATION);
        assertThat(server.getAttribute(name, "KeyType")).isEqualTo("java.lang.String");
        assertThat(server.getAttribute(name, "ValueType")).isEqualTo("java.lang.Integer");
        assertThat(server.getAttribute(name, "StoreByValue")).isEqualTo(true);
        assertThat(server.getAttribute(name, "StatisticsEnabled")).isEqualTo(false);

        configuration.setStatisticsEnabled(true).setReadThrough(true);
        assertThat(server.getAttribute(name, "StatisticsEnabled")).isEqualTo(true);
        assertThat(server.getAttribute(name, "ManagementEnabled")).isEqualTo(false);
        assertThat(server.getAttribute(name, "ReadThrough")).isEqualTo(true);
        assertThat(server.getAttribute(name, "WriteThrough")).isEqualTo(false);
    }

    @Test
    void aNameThatIsTakenGetsANumberAndEachTakesItsOwnBeanAway() throws Exception {
        Beans second = beans(server, "prices", new Statistics());
        beans.statistics(true);
        second.statistics(true);
        assertThat(isShown(STATISTICS + ",Instance=2")).isTrue();

        beans.statistics(false);
        assertThat(isShown(STATISTICS)).isFalse();
        assertThat(isShown(STATISTICS + ",Instance=2")).isTrue();
        second.statistics(false);
        assertThat(isShown(STATISTICS + ",Instance=2")).isFalse();
    }

    @Test
    void aBeanThatIsShownAlreadyIsNotShownTwice() throws Exception {
        beans.statistics(true);
        beans.statistics(true);

        assertThat(isShown(STATISTICS + ",Instance=2")).isFalse();
    }

    @Test
    void namesThatDifferInForbiddenCharactersStayDifferent() throws Exception {
        beans(server, "a:b", new Statistics()).statistics(true);
        beans(server, "a,b", new Statistics()).statistics(true);
        beans(server, "a.b", new Statistics()).statistics(true);

        assertThat(server.queryNames(new ObjectName("javax.cache:*"), null))
                .extracting(name -> name.getKeyProperty("Cache"))
                .containsExactlyInAnyOrder("\"a:b\"", "\"a,b\"", "a.b");
        assertThat(server.queryNames(new ObjectName("javax.cache:Instance=*,*"), null))
                .isEmpty();
    }

    @Test
    void aBeanThatWasUnregisteredElsewhereCanBeRegisteredAgain() throws Exception {
        beans.statistics(true);
        server.unregisterMBean(new ObjectName(STATISTICS));
        beans.statistics(false);
        beans.statistics(true);

        assertThat(isShown(STATISTICS)).isTrue();
    }

    @Test
    void aServerThatRefusesBeansFailsNoCache() {
        MBeanServer refusing = (MBeanServer) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {MBeanServer.class}, (proxy, method, arguments) -> {
                    throw new SecurityException("not here");
                });
        Beans refused = beans(refusing, "prices", new Statistics());

        assertThatCode(() -> {
                    refused.statistics(true);
                    refused.management(true);
                    refused.statistics(false);
                })
                .doesNotThrowAnyException();
    }
}
