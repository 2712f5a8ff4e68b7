package dev.lockstep.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import dev.lockstep.cluster.audit.AuditLog;
import dev.lockstep.cluster.node.LogLevels;
import dev.lockstep.protocol.wire.Request.SetLogLevel;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The log of this process, by Logback to standard error, and the levels of its loggers. Thread-safe. */
public final class ProcessLog implements LogLevels {

    private static final int MAX_LOGGERS = 10_000;

    /** Ratis logs each step of each election; LeadershipReports and PeerChannel log what operators need of that. */
    private static final Map<String, Level> AT_START = Map.of(
            Logger.ROOT_LOGGER_NAME,
            Level.INFO,
            AuditLog.NAME,
            Level.INFO,
            "org.apache.ratis",
            Level.ERROR,
            "org.apache.ratis.util.LifeCycle",
            Level.OFF);

    /** Has the process log a line for each event, unless its command line names a configuration of Logback's. */
    static void configure() {
        if (System.getProperty("logback.configurationFile") != null) {
            return;
        }
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        PatternLayoutEncoder line = new PatternLayoutEncoder();
        line.setContext(context);
        line.setPattern("%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %level %logger - %msg%n");
        line.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(line);
        appender.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
        AT_START.forEach((logger, level) -> context.getLogger(logger).setLevel(level));
    }

    @Override
    public SetLogLevel.Level set(String name, SetLogLevel.@Nullable Level level) {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            throw new IllegalArgumentException("This node logs by "
                    + LoggerFactory.getILoggerFactory().getClass().getName());
        }
        if (name.equals(AuditLog.NAME) || name.startsWith(AuditLog.NAME + ".")) {
            throw new IllegalArgumentException("The audit log is not switched on or off while a node runs");
        }
        Logger audit = context.getLogger(AuditLog.NAME);
        if (audit.getLevel() == null) { // or those above it would count for it
            audit.setLevel(audit.getEffectiveLevel());
        }
        String logger = name.isEmpty() ? Logger.ROOT_LOGGER_NAME : name;
        if (context.exists(logger) == null && context.getLoggerList().size() >= MAX_LOGGERS) {
            throw new IllegalArgumentException(
                    "There is no logger " + logger + ", and no more are made than " + MAX_LOGGERS);
        }
        Logger changed = context.getLogger(logger);
        SetLogLevel.Level before = level(changed.getEffectiveLevel());
        changed.setLevel(level == null ? AT_START.get(logger) : Level.toLevel(level.name()));
        return before;
    }

    private static SetLogLevel.Level level(Level level) {
        return level.equals(Level.ALL) ? SetLogLevel.Level.TRACE : SetLogLevel.Level.valueOf(level.toString());
    }
}
