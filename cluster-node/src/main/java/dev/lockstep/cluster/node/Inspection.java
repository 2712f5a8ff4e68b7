package dev.lockstep.cluster.node;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.lockstep.protocol.settings.Secret;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.wire.Request.Inspect.Aspect;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.RuntimeMXBean;
import java.lang.management.ThreadInfo;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The account of a node's process that operators ask for when something is wrong with it. Stateless. */
final class Inspection {

    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_STACK = 64;

    private Inspection() {}

    /** Tells one thing of the process; what is beyond the bound of a text is cut off. */
    static String of(Aspect aspect, Settings settings) {
        String text = switch (aspect) {
            case THREADS -> threads();
            case JVM -> jvm();
            case SETTINGS -> settings(settings);
            case OUTPUT -> RecentOutput.text();
        };
        return text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS);
    }

    private static String threads() {
        var threads = ManagementFactory.getThreadMXBean();
        StringBuilder out = new StringBuilder();
        for (ThreadInfo thread : threads.dumpAllThreads(true, true, MAX_STACK)) {
            out.append('"').append(thread.getThreadName()).append("\" #").append(thread.getThreadId());
            out.append(' ').append(thread.getThreadState());
            out.append(" cpu=")
                    .append(threads.getThreadCpuTime(thread.getThreadId()) / 1_000_000)
                    .append("ms");
            if (thread.getLockName() != null) {
                out.append(" waiting for ").append(thread.getLockName());
            }
            if (thread.getLockOwnerName() != null) {
                out.append(" held by \"").append(thread.getLockOwnerName()).append('"');
            }
            out.append('\n');
            for (StackTraceElement frame : thread.getStackTrace()) {
                out.append("    at ").append(frame).append('\n');
            }
            out.append('\n');
        }
        return out.toString();
    }

    private static String jvm() {
        RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
        List<String> lines = new ArrayList<>();
        lines.add("version: " + NodeInfo.version());
        lines.add("java: " + Runtime.version() + ", " + runtime.getVmName() + ", " + runtime.getVmVendor());
        lines.add("system: " + System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch"));
        lines.add("processors: " + Runtime.getRuntime().availableProcessors());
        lines.add("uptime: " + runtime.getUptime() / 1000 + " s");
        runtime.getInputArguments().forEach(argument -> lines.add("argument: " + withoutValue(argument)));
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            lines.add("memory " + pool.getName() + ": " + pool.getUsage() + ", peak " + pool.getPeakUsage());
        }
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            lines.add("collector " + collector.getName() + ": " + collector.getCollectionCount() + " collections, "
                    + collector.getCollectionTime() + " ms");
        }
        var vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (vm != null) {
            vm.getDiagnosticOptions()
                    .forEach(option -> lines.add(
                            "flag " + option.getName() + "=" + option.getValue() + " (" + option.getOrigin() + ")"));
        }
        return String.join("\n", lines);
    }

    /** A property, or an agent's option, may be a password; the JVM's own options are none. */
    static String withoutValue(String argument) {
        int equals = argument.indexOf('=');
        return argument.startsWith("-X") || equals < 0 ? argument : argument.substring(0, equals + 1) + "***";
    }

    private static String settings(Settings settings) {
        List<String> lines = new ArrayList<>();
        add(lines, "", settings);
        return String.join("\n", lines);
    }

    /** Adds a line for each component of a record, and of the records in it; secrets write themselves as stars. */
    private static void add(List<String> lines, String name, Object value) {
        if (value instanceof Optional<?> optional) {
            if (optional.isPresent()) {
                add(lines, name, optional.get());
            } else {
                lines.add(name + ": none");
            }
        } else if (value instanceof Record
                && !(value instanceof Secret)
                && value.getClass().getPackage() == Settings.class.getPackage()) {
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                add(
                        lines,
                        name.isEmpty() ? word(component) : name + "." + word(component),
                        component(value, component));
            }
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((key, each) -> lines.add(name + "." + key + ": " + each));
        } else {
            lines.add(name + ": " + value);
        }
    }

    private static Object component(Object of, RecordComponent component) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String word(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
