package dev.lockstep.cluster.node;

import dev.lockstep.protocol.wire.Request.SetLogLevel.Level;
import org.jspecify.annotations.Nullable;

/**
 * The levels of the loggers of this process. Found by {@link java.util.ServiceLoader}: the library that a process logs by is its own affair.
 * Thread-safe.
 */
public interface LogLevels {

    /**
     * Has a logger log more or less, and those below it that have no level of their own.
     *
     * @param logger its name; empty for the one above all
     * @param level null for the one with which the process began
     * @return the level that it had
     * @throws IllegalArgumentException if that can't be done, saying why
     */
    Level set(String logger, @Nullable Level level);
}
