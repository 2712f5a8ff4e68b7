package dev.lockstep.cluster.node;

import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request.SetLogLevel;
import dev.lockstep.protocol.wire.Status;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** The log of a process of Lockstep's own, by {@code java.util.logging} to standard error, and the levels of its loggers. Thread-safe. */
public final class ProcessLog {

    /** The name by which operators call the logger that is above all others. */
    private static final String ROOT = "root";

    private static final int MAX_LOGGERS = 1_000;

    /** Ratis logs each step of each election; LeadershipReports and PeerChannel log what operators need of that. */
    private static final Map<String, Level> AT_START = Map.of(
            "",
            Level.INFO,
            AuditLog.NAME,
            Level.INFO,
            "org.apache.ratis",
            Level.SEVERE,
            "org.apache.ratis.util.LifeCycle",
            Level.OFF);

    /** Loggers whose levels were set: without a reference to them they are collected, and their levels with them. */
    private static final Map<String, Logger> CHANGED = new ConcurrentHashMap<>();

    private ProcessLog() {}

    /** Has the process log a line for each event, unless its command line has a configuration of {@code java.util.logging}. */
    public static void configure() {
        if (System.getProperty("java.util.logging.config.file") != null
                || System.getProperty("java.util.logging.config.class") != null) {
            return;
        }
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        Handler handler = new ConsoleHandler();
        handler.setLevel(Level.ALL);
        handler.setFormatter(new Line());
        root.addHandler(handler);
        AT_START.forEach((logger, level) -> logger(logger).setLevel(level));
    }

    /**
     * Changes the level of a logger.
     *
     * @param level null for the one with which the process began
     * @return what answers the request
     */
    static Reply set(String name, SetLogLevel.@Nullable Level level) {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (!factory.getClass().getName().equals("org.slf4j.jul.JDK14LoggerFactory")) {
            return Reply.Refused.of(
                    Status.INVALID,
                    "This node logs by " + factory.getClass().getName()
                            + ", as the application has it that it runs in; set the level there");
        }
        if (name.equals(AuditLog.NAME) || name.startsWith(AuditLog.NAME + ".")) {
            return Reply.Refused.of(Status.INVALID, "The audit log is not switched off or on while a node runs");
        }
        Logger audit = logger(AuditLog.NAME);
        if (audit.getLevel() == null) { // or those above it would count for it
            audit.setLevel(level(level(audit)));
        }
        String logger = name.equals(ROOT) ? "" : name;
        if (logger.length() > SetLogLevel.MAX_NAME || (!CHANGED.containsKey(logger) && CHANGED.size() >= MAX_LOGGERS)) {
            return Reply.Refused.of(
                    Status.INVALID,
                    "A name has at most " + SetLogLevel.MAX_NAME + " characters, and at most " + MAX_LOGGERS
                            + " loggers have levels of their own");
        }
        Logger changed = logger(logger);
        SetLogLevel.Level before = level(changed);
        changed.setLevel(level == null ? AT_START.get(logger) : level(level));
        return new Reply.Text(before.name().toLowerCase(Locale.ROOT));
    }

    private static Logger logger(String name) {
        return CHANGED.computeIfAbsent(name, Logger::getLogger);
    }

    /** Returns the least that a logger logs. */
    private static SetLogLevel.Level level(Logger logger) {
        for (SetLogLevel.Level level : SetLogLevel.Level.values()) {
            if (logger.isLoggable(level(level))) {
                return level;
            }
        }
        return SetLogLevel.Level.OFF;
    }

    /** The levels as SLF4J has them for {@code java.util.logging}. */
    private static Level level(SetLogLevel.Level level) {
        return switch (level) {
            case TRACE -> Level.FINEST;
            case DEBUG -> Level.FINE;
            case INFO -> Level.INFO;
            case WARN -> Level.WARNING;
            case ERROR -> Level.SEVERE;
            case OFF -> Level.OFF;
        };
    }

    /** A line: time, thread, level, logger, message; the stack of a failure follows. Formatted on the thread that logs. */
    private static final class Line extends Formatter {

        private static final DateTimeFormatter TIME =
                DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

        @Override
        public String format(LogRecord event) {
            StringWriter text = new StringWriter();
            try (PrintWriter out = new PrintWriter(text)) {
                out.println(TIME.format(Instant.ofEpochMilli(event.getMillis())) + " ["
                        + Thread.currentThread().getName() + "] " + word(event.getLevel()) + " "
                        + event.getLoggerName() + " - " + formatMessage(event));
                if (event.getThrown() != null) {
                    event.getThrown().printStackTrace(out);
                }
            }
            return text.toString();
        }

        private static String word(Level level) {
            if (level.intValue() >= Level.SEVERE.intValue()) {
                return "ERROR";
            }
            if (level.intValue() >= Level.WARNING.intValue()) {
                return "WARN";
            }
            return level.intValue() >= Level.INFO.intValue()
                    ? "INFO"
                    : level.intValue() >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
        }
    }
}
