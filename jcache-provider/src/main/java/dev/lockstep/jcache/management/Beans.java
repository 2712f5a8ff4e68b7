package dev.lockstep.jcache.management;

import java.lang.management.ManagementFactory;
import java.util.regex.Pattern;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache's two beans at an MBean server, under the names that JSR-107 gives them, from when they are switched on until they are switched
 * off. A name that is taken, as by the cache of another manager with the same URI, gets a number; a bean that is refused is missing, and
 * the cache works. Thread-safe.
 */
public final class Beans {

    private static final Logger LOG = LoggerFactory.getLogger(Beans.class);

    /** More caches of one name and URI than any JVM has managers. */
    private static final int MAX_INSTANCES = 1_000;

    private static final Pattern FORBIDDEN = Pattern.compile("[,:=\"*?\n]");

    private final Bean configuration;
    private final Bean statistics;

    public Beans(String manager, String cache, ConfigurationBean configuration, Statistics statistics) {
        this(ManagementFactory.getPlatformMBeanServer(), manager, cache, configuration, statistics);
    }

    Beans(MBeanServer server, String manager, String cache, ConfigurationBean configuration, Statistics statistics) {
        this.configuration = new Bean(server, name("CacheConfiguration", manager, cache), configuration);
        this.statistics = new Bean(server, name("CacheStatistics", manager, cache), statistics);
    }

    /**
     * The manager's URI as JSR-107 has it, with dots for what JMX forbids; the cache's name as it is where JMX allows that, and otherwise
     * quoted, so that different names stay different.
     */
    private static String name(String type, String manager, String cache) {
        return "javax.cache:type=" + type + ",CacheManager="
                + FORBIDDEN.matcher(manager).replaceAll(".") + ",Cache="
                + (FORBIDDEN.matcher(cache).find() ? ObjectName.quote(cache) : cache);
    }

    public void management(boolean shown) {
        configuration.show(shown);
    }

    public void statistics(boolean shown) {
        statistics.show(shown);
    }

    /** One of the two. The lock guards the name under which it is registered. */
    private static final class Bean {

        private final MBeanServer server;
        private final String name;
        private final Object bean;
        private @Nullable ObjectName registered;

        Bean(MBeanServer server, String name, Object bean) {
            this.server = server;
            this.name = name;
            this.bean = bean;
        }

        synchronized void show(boolean shown) {
            try {
                if (shown && registered == null) {
                    registered = register();
                } else if (!shown && registered != null) {
                    ObjectName last = registered;
                    registered = null;
                    server.unregisterMBean(last);
                }
            } catch (InstanceNotFoundException gone) {
                LOG.debug("MBean {} was unregistered by other code", name);
            } catch (JMException | RuntimeException refused) {
                LOG.warn(
                        "MBean {} can't be {}; the cache works without it",
                        name,
                        shown ? "registered" : "unregistered",
                        refused);
            }
        }

        private @Nullable ObjectName register() throws JMException {
            for (int instance = 1; instance <= MAX_INSTANCES; instance++) {
                ObjectName free = new ObjectName(instance == 1 ? name : name + ",Instance=" + instance);
                try {
                    server.registerMBean(bean, free);
                    return free;
                } catch (InstanceAlreadyExistsException taken) {
                    LOG.debug("MBean {} exists; the next number is tried", free);
                }
            }
            LOG.warn("There are {} MBeans {} already; no more is registered", MAX_INSTANCES, name);
            return null;
        }
    }
}
