package dev.lockstep.jcache.management;

import java.lang.management.ManagementFactory;
import javax.cache.CacheException;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** A cache's two beans at the platform's MBean server, under the names that JSR-107 gives them. Thread-safe. */
public final class Beans {

    private final ObjectName configurationName;
    private final ObjectName statisticsName;
    private final Object configuration;
    private final Object statistics;

    public Beans(String manager, String cache, ConfigurationBean configuration, Statistics statistics) {
        this.configurationName = name("CacheConfiguration", manager, cache);
        this.statisticsName = name("CacheStatistics", manager, cache);
        this.configuration = configuration;
        this.statistics = statistics;
    }

    private static ObjectName name(String type, String manager, String cache) {
        try {
            return new ObjectName(
                    "javax.cache:type=" + type + ",CacheManager=" + safe(manager) + ",Cache=" + safe(cache));
        } catch (JMException invalid) {
            throw new CacheException("Cache " + cache + " can't have a bean: its name does not fit JMX", invalid);
        }
    }

    private static String safe(String text) {
        return text.replaceAll("[,:=\n*?]", ".");
    }

    public void management(boolean shown) {
        show(configurationName, configuration, shown);
    }

    public void statistics(boolean shown) {
        show(statisticsName, statistics, shown);
    }

    private static void show(ObjectName name, Object bean, boolean shown) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            if (shown) {
                server.registerMBean(bean, name);
            } else if (server.isRegistered(name)) {
                server.unregisterMBean(name);
            }
        } catch (InstanceAlreadyExistsException | InstanceNotFoundException already) {
            // It is as it was asked to be: switching twice, or from two threads, is no fault.
            return;
        } catch (JMException refused) {
            throw new CacheException("The bean " + name + " was refused", refused);
        }
    }
}
