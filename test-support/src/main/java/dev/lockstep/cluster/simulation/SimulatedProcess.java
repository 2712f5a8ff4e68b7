package dev.lockstep.cluster.simulation;

import dev.lockstep.protocol.runtime.Entropy;
import dev.lockstep.protocol.runtime.EventLoop;
import dev.lockstep.protocol.runtime.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A process of the world: it has a clock that may be wrong, threads that may be late, and can be paused, killed and
 * started again. Tasks that were pending when it was killed never run.
 */
final class SimulatedProcess {

    /** Somewhere in 2023. */
    static final long EPOCH_MILLIS = 1_700_000_000_000L;

    private final World world;
    private final String name;
    private final Entropy entropy;
    private final List<Runnable> onKill = new ArrayList<>();
    private double rate = 1;
    private double wallRate = 1;
    private long wallNanos;
    private long wallSetAtNanos;
    private long pausedUntil;
    private int incarnation;
    private boolean alive = true;

    SimulatedProcess(World world, String name) {
        this.world = world;
        this.name = name;
        SplittableRandom own = world.random().split();
        this.entropy = own::nextLong;
    }

    /** Its clocks: each goes at a rate of its own, and the wall clock goes on from where it was set. */
    Time time() {
        return new Time() {
            @Override
            public long millis() {
                return EPOCH_MILLIS
                        + TimeUnit.NANOSECONDS.toMillis(
                                wallNanos + (long) ((world.nanos() - wallSetAtNanos) * wallRate));
            }

            @Override
            public long nanos() {
                return (long) (world.nanos() * rate);
            }
        };
    }

    Entropy entropy() {
        return entropy;
    }

    /** One more thread. */
    EventLoop loop() {
        return new Loop();
    }

    /** Has its monotonic clock, and with it its timers, go faster or slower; to be said before it has one. */
    void drift(double monotonicRate) {
        rate = monotonicRate;
    }

    /** Sets its wall clock so far forward, or back, of the right time; it goes on from there at a rate. */
    void setClock(long aheadMillis, double goesAt) {
        wallNanos = world.nanos() + TimeUnit.MILLISECONDS.toNanos(aheadMillis);
        wallSetAtNanos = world.nanos();
        wallRate = goesAt;
        world.trace(() -> "the clock of " + this + " is " + aheadMillis + " ms off and goes at " + goesAt);
    }

    /** Pauses the process for a while. */
    void pause(long nanos) {
        pausedUntil = Math.max(pausedUntil, world.nanos() + nanos);
        world.trace(() -> this + " is paused for " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms");
    }

    long pausedUntil() {
        return pausedUntil;
    }

    boolean isAlive() {
        return alive;
    }

    /** Adds a task that the rest of the world runs when this incarnation is killed. */
    void onKill(Runnable then) {
        onKill.add(then);
    }

    void kill() {
        alive = false;
        incarnation++;
        pausedUntil = 0;
        world.trace(() -> this + " is killed");
        List<Runnable> bereaved = List.copyOf(onKill);
        onKill.clear();
        bereaved.forEach(Runnable::run);
    }

    void restart() {
        alive = true;
        incarnation++;
        world.trace(() -> this + " starts again");
    }

    int incarnation() {
        return incarnation;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Tasks in order, each a little later than it could be; timers are late too. */
    private final class Loop implements EventLoop {

        private final int born = incarnation;
        private long lastDue;
        private boolean running;
        private boolean closed;

        @Override
        public void execute(Runnable task) {
            if (isOver()) {
                return;
            }
            lastDue = Math.max(lastDue, world.nanos() + world.micros(0, 30));
            world.after(lastDue - world.nanos(), SimulatedProcess.this, () -> run(task));
        }

        @Override
        public Timer schedule(long delayNanos, Runnable task) {
            if (isOver()) {
                return () -> {};
            }
            long capped = Math.min(delayNanos, TimeUnit.DAYS.toNanos(1));
            World.Task timer =
                    world.after((long) (capped / rate) + world.micros(0, 200), SimulatedProcess.this, () -> run(task));
            return timer::cancel;
        }

        private boolean isOver() {
            return closed || !alive || born != incarnation;
        }

        private void run(Runnable task) {
            if (!closed) {
                running = true;
                try {
                    task.run();
                } finally {
                    running = false;
                }
            }
        }

        @Override
        public boolean inLoop() {
            return running;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
