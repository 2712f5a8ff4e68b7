package dev.lockstep.cluster.node;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.settings.Settings;
import dev.lockstep.protocol.topology.NodeFact;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The facts that a node tells of its disk, its certificate and its JVM. Thread-safe. */
final class HostFacts implements Surroundings, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HostFacts.class);

    private final DiskProbe disk;
    private final EventLoop loop;
    private final Supplier<@Nullable Instant> certificateExpires;
    private final @Nullable NodeMetering metering;
    private final Settings settings;
    /** The loop of what operators ask now and then, and may take long; made for the first such request. */
    private @Nullable EventLoop requests;

    private @Nullable FlightRecording recording;

    /** @param loop of the node, on which a disk that hangs is noticed */
    HostFacts(
            DiskProbe disk,
            EventLoop loop,
            Supplier<@Nullable Instant> certificateExpires,
            @Nullable NodeMetering metering,
            Settings settings) {
        this.disk = disk;
        this.loop = loop;
        this.certificateExpires = certificateExpires;
        this.metering = metering;
        this.settings = settings;
    }

    @Override
    public void describe(boolean triesDisk, Consumer<Map<NodeFact, String>> told) {
        if (triesDisk) {
            disk.attempt(loop).thenAccept(ofDisk -> told.accept(with(ofDisk)));
        } else {
            told.accept(with(Map.of()));
        }
    }

    private Map<NodeFact, String> with(Map<NodeFact, String> ofDisk) {
        Map<NodeFact, String> facts = new EnumMap<>(NodeFact.class);
        facts.putAll(ofDisk);
        Instant expires = certificateExpires.get();
        if (expires != null) {
            facts.put(NodeFact.CERTIFICATE_EXPIRES_MILLIS, Long.toString(expires.toEpochMilli()));
        }
        ofProcess(facts);
        return facts;
    }

    private static void ofProcess(Map<NodeFact, String> facts) {
        facts.put(NodeFact.JAVA, Runtime.version().toString());
        facts.put(NodeFact.PROCESSORS, Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put(NodeFact.COMMON_POOL_THREADS, Integer.toString(ForkJoinPool.getCommonPoolParallelism()));
        facts.put(
                NodeFact.UPTIME_SECONDS,
                Long.toString(TimeUnit.MILLISECONDS.toSeconds(
                        ManagementFactory.getRuntimeMXBean().getUptime())));
        facts.put(NodeFact.HEAP_MAX_BYTES, Long.toString(Runtime.getRuntime().maxMemory()));
        long live = liveBytes();
        if (live > 0) {
            facts.put(NodeFact.HEAP_LIVE_BYTES, Long.toString(live));
        }
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            facts.put(NodeFact.FILES_OPEN, Long.toString(unix.getOpenFileDescriptorCount()));
            facts.put(NodeFact.FILES_MAX, Long.toString(unix.getMaxFileDescriptorCount()));
        }
        var vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (vm != null) {
            facts.put(
                    NodeFact.EXITS_WITHOUT_MEMORY,
                    vm.getVMOption("ExitOnOutOfMemoryError").getValue());
        }
    }

    /** Returns what was in use in the heap after the last collections of its parts; 0 before. */
    private static long liveBytes() {
        long live = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage after = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
            live += after == null ? 0 : after.getUsed();
        }
        return live;
    }

    @Override
    public @Nullable String meters() {
        return metering == null ? null : metering.text();
    }

    @Override
    public synchronized void serve(Request.OfProcess request, Consumer<Reply> reply) {
        if (requests == null) {
            requests = EventLoop.threaded("lockstep-inspection");
        }
        requests.execute(() -> reply.accept(answer(request)));
    }

    private Reply answer(Request.OfProcess request) {
        try {
            if (request instanceof Request.Inspect inspect) {
                return new Reply.Text(Inspection.of(inspect.aspect(), settings));
            }
            if (request instanceof Request.SetLogLevel set) {
                return changed(set);
            }
            FlightRecording of = recording();
            return request instanceof Request.StartRecording start
                    ? of.start(start)
                    : of.read(((Request.ReadRecording) request).offset());
        } catch (RuntimeException | NoClassDefFoundError failure) { // a JVM may lack some of its modules
            LOG.warn("{} failed", request, failure);
            return Reply.Refused.of(Status.INVALID, "This node's JVM can't do that: " + failure);
        }
    }

    private static Reply changed(Request.SetLogLevel set) {
        LogLevels levels = ServiceLoader.load(LogLevels.class, LogLevels.class.getClassLoader())
                .findFirst()
                .orElse(null);
        if (levels == null) {
            return Reply.Refused.of(
                    Status.INVALID, "This node logs as the application does that it runs in; set the level there");
        }
        if (set.logger().isBlank() || set.logger().length() > Request.SetLogLevel.MAX_NAME) {
            return Reply.Refused.of(
                    Status.INVALID, "A logger has a name, of at most " + Request.SetLogLevel.MAX_NAME + " characters");
        }
        try {
            String logger = set.logger().equals(Request.SetLogLevel.ROOT) ? "" : set.logger();
            return new Reply.Text(levels.set(logger, set.level()).name().toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException refused) {
            return Reply.Refused.of(Status.INVALID, String.valueOf(refused.getMessage()));
        }
    }

    private synchronized FlightRecording recording() {
        FlightRecording known = recording;
        if (known == null) {
            known = new FlightRecording();
            recording = known;
        }
        return known;
    }

    @Override
    public void close() {
        disk.close();
        EventLoop last;
        synchronized (this) {
            last = requests;
        }
        if (last != null) {
            last.close(); // waits for what it is doing: the recording is its alone
        }
        synchronized (this) {
            if (recording != null) {
                recording.close();
            }
        }
    }
}
