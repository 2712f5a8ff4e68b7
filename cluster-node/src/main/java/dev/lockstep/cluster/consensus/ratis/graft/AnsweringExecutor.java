package dev.lockstep.cluster.consensus.ratis.graft;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs what Ratis does after an append at once, on the thread that appends, and everything else on Ratis' own threads:
 * an append that has been written when it returns needs no thread to wait for it. Ratis has two such threads for each group; as little is
 * left for them, they end when they have had nothing to do for a second. Thread-safe.
 */
public final class AnsweringExecutor extends AbstractExecutorService {

    private static final ThreadLocal<Boolean> APPENDING = new ThreadLocal<>();

    private final ExecutorService others;

    AnsweringExecutor(ThreadPoolExecutor others) {
        others.setKeepAliveTime(1, TimeUnit.SECONDS);
        others.allowCoreThreadTimeOut(true);
        this.others = others;
    }

    /** A call of Ratis that appends. */
    public interface Append<T, X extends Exception> {
        T run() throws X;
    }

    /** Makes a call that appends; what Ratis does after it is done on this thread, before the call returns, if the append waits for nothing. */
    public static <T, X extends Exception> T answeringHere(Append<T, X> append) throws X {
        APPENDING.set(true);
        try {
            return append.run();
        } finally {
            APPENDING.remove();
        }
    }

    @Override
    public void execute(Runnable command) {
        if (APPENDING.get() != null) {
            command.run();
        } else {
            others.execute(command);
        }
    }

    @Override
    public void shutdown() {
        others.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
        return others.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
        return others.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return others.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return others.awaitTermination(timeout, unit);
    }
}
