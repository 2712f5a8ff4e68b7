package dev.lockstep.cluster.consensus.ratis.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.concurrency.ManualEventLoop;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogSyncerTest {

    private static final long MEBIBYTE = 1 << 20;

    private final ManualEventLoop loop = new ManualEventLoop();
    private final List<String> synced = new ArrayList<>();
    private final Runnable first = () -> synced.add("first");
    private final Runnable second = () -> synced.add("second");

    @Test
    void logsThatNothingWaitsForAreSyncedTogetherWhenTheIntervalIsOver() {
        LogSyncer syncer = new LogSyncer(loop, false);
        syncer.request(first, 10);
        syncer.request(second, 10);
        syncer.request(first, 10);
        loop.run();
        assertThat(synced).isEmpty();
        assertThat(loop.fire()).isTrue();
        assertThat(synced).containsExactlyInAnyOrder("first", "second");
        assertThat(loop.fire()).isFalse();
    }

    @Test
    void aMebibyteOfAllLogsTogetherIsSyncedAtOnce() {
        LogSyncer syncer = new LogSyncer(loop, false);
        syncer.request(first, MEBIBYTE / 2);
        loop.run();
        assertThat(synced).isEmpty();
        syncer.request(second, MEBIBYTE / 2);
        loop.run();
        assertThat(synced).containsExactlyInAnyOrder("first", "second");
        syncer.request(first, MEBIBYTE / 2);
        loop.run();
        assertThat(synced).as("bytes count once").hasSize(2);
    }

    @Test
    void logsThatSomethingWaitsForAreSyncedInTheNextTurnOnceEach() {
        LogSyncer syncer = new LogSyncer(loop, true);
        syncer.request(first, 1);
        syncer.request(second, 1);
        syncer.request(first, 1);
        loop.run();
        assertThat(synced).containsExactlyInAnyOrder("first", "second");
        assertThat(loop.fire()).isFalse();
    }

    @Test
    void aRequestDuringALogsSyncHasItSyncedAgain() {
        LogSyncer syncer = new LogSyncer(loop, true);
        List<Runnable> requests = new ArrayList<>();
        Runnable sync = new Runnable() {
            @Override
            public void run() {
                synced.add("again");
                if (requests.isEmpty()) {
                    requests.add(this);
                    syncer.request(this, 1);
                }
            }
        };
        syncer.request(sync, 1);
        loop.run();
        assertThat(synced).containsExactly("again", "again");
    }
}
