package dev.lockstep.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.cluster.testing.Eventually;
import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.hibernate.jvm.Jvm;
import dev.lockstep.hibernate.jvm.TwoJvms;
import dev.lockstep.hibernate.model.NoteType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two JVMs that use one database and one cache, and a third that dies. Whatever the interleaving: in the end neither of them has in the
 * cache what is not in the database. Each test has notes of its own.
 */
abstract class TwoJvmsSuite {

    static final int NOTES = 60;

    /** The lifetime of the locks of a JVM that dies: longer than it lives with them. */
    private static final Map<String, String> SHORT_LOCKS = Map.of(LockstepSettings.LOCK_LIFETIME, "5s");

    abstract TwoJvms jvms();

    static Map<String, String> lockstep(NodeProcesses nodes) {
        return Map.of(
                "hibernate.cache.region.factory_class",
                "lockstep",
                LockstepSettings.URI_PROPERTY,
                nodes.uri() + "?timeout=8s");
    }

    /** Also what is left of a start that failed. */
    static void closeAll(@Nullable AutoCloseable... started) throws Exception {
        for (AutoCloseable one : started) {
            if (one != null) {
                one.close();
            }
        }
    }

    Jvm a() {
        return jvms().a();
    }

    Jvm b() {
        return jvms().b();
    }

    void bothRead(int id, String text) {
        assertThat(b().ask("database " + id)).isEqualTo(text);
        assertThat(a().ask("read " + id)).isEqualTo(text);
        assertThat(b().ask("read " + id)).isEqualTo(text);
        assertThat(a().ask("read " + id)).isEqualTo(text);
    }

    private CompletableFuture<String> pausedRead(Jvm jvm, int id, String point) {
        jvm.ask("evict " + id);
        return pausedLoad(jvm, id, point);
    }

    private static CompletableFuture<String> pausedLoad(Jvm jvm, int id, String point) {
        jvm.ask("arm " + point);
        CompletableFuture<String> read = jvm.begin("read " + id);
        jvm.ask("reached " + point);
        return read;
    }

    // Loads that come late

    @Test
    void aPutThatHasLookedAlreadyIsRefusedWhenAnotherJvmCommitsMeanwhile() {
        CompletableFuture<String> read = pausedRead(a(), 1, NoteType.MARSHALLED);
        b().ask("write 1 new");
        a().ask("open " + NoteType.MARSHALLED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        bothRead(1, "new");
    }

    @Test
    void aLoadFromBeforeAnUpdateIsRefusedThoughNothingOfItIsLeftInTheCache() {
        CompletableFuture<String> read = pausedRead(a(), 2, NoteType.LOADED);
        b().ask("write 2 new");
        b().ask("evict 2");
        a().ask("open " + NoteType.LOADED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        bothRead(2, "new");
    }

    @Test
    void aLoadFromBeforeADeletionIsRefused() {
        CompletableFuture<String> read = pausedRead(a(), 3, NoteType.LOADED);
        b().ask("delete 3");
        a().ask("open " + NoteType.LOADED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        bothRead(3, "none");
    }

    @Test
    void aLoadWhileAWriterIsInFlightIsNotCached() {
        b().ask("arm flushed-4");
        CompletableFuture<String> write = b().begin("write 4 new");
        b().ask("reached flushed-4");
        assertThat(a().ask("read 4")).isEqualTo("old");
        assertThat(a().ask("cached 4")).isEqualTo("false");
        b().ask("arm committed-4");
        b().ask("open flushed-4");
        b().ask("reached committed-4");
        assertThat(a().ask("read 4")).isEqualTo("new");
        assertThat(a().ask("cached 4")).isEqualTo("false");
        b().ask("open committed-4");
        Jvm.result(write);
        assertThat(a().ask("cached 4")).as("what the writer left").isEqualTo("true");
        bothRead(4, "new");
    }

    @Test
    void aLoadThatBeganUnderALockIsRefusedAfterIt() {
        b().ask("arm flushed-5");
        CompletableFuture<String> write = b().begin("write 5 new");
        b().ask("reached flushed-5");
        CompletableFuture<String> read = pausedRead(a(), 5, NoteType.LOADED);
        b().ask("open flushed-5");
        Jvm.result(write);
        b().ask("evict 5");
        a().ask("open " + NoteType.LOADED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        bothRead(5, "new");
    }

    @Test
    void anUnfinishedTransactionSeesTheStateAtItsStart() {
        a().ask("arm begun");
        CompletableFuture<String> late = a().begin("late 6");
        a().ask("reached begun");
        b().ask("write 6 new");
        b().ask("evict 6");
        a().ask("open begun");
        Jvm.result(late);
        bothRead(6, "new");
    }

    @Test
    void staleQueryResultsAreRefusedToo() {
        a().ask("arm " + NoteType.LOADED);
        CompletableFuture<String> list = a().begin("list");
        a().ask("reached " + NoteType.LOADED);
        b().ask("write 7 new");
        b().ask("evict 7");
        a().ask("open " + NoteType.LOADED);
        Jvm.result(list);
        bothRead(7, "new");
    }

    @Test
    void aRolledBackWriteLeavesWhatWasThere() {
        bothRead(8, "old");
        assertThatThrownBy(() -> b().ask("write 8 " + "x".repeat(200))).isInstanceOf(IllegalStateException.class);
        bothRead(8, "old");
    }

    // Whole regions

    @Test
    void loadsFromBeforeTheEndOfABulkUpdateAreRefused() {
        CompletableFuture<String> before = pausedRead(a(), 9, NoteType.LOADED);
        b().ask("arm flushed-bulk");
        CompletableFuture<String> bulk = b().begin("bulk all");
        b().ask("reached flushed-bulk");
        a().ask("open " + NoteType.LOADED);
        Jvm.result(before);
        assertThat(a().ask("cached 9")).isEqualTo("false");
        CompletableFuture<String> under = pausedRead(a(), 9, NoteType.LOADED);
        b().ask("open flushed-bulk");
        Jvm.result(bulk);
        a().ask("open " + NoteType.LOADED);
        Jvm.result(under);
        bothRead(9, "all");
        b().begin("bulk old").join();
    }

    @Test
    void aClearedRegionTakesNoOldLoads() {
        CompletableFuture<String> read = pausedRead(a(), 10, NoteType.LOADED);
        b().ask("write 10 new");
        b().ask("evictAll");
        a().ask("open " + NoteType.LOADED);
        Jvm.result(read);
        bothRead(10, "new");
    }

    // A JVM that dies

    @Test
    void aJvmThatIsKilledLeavesNothingStale() throws Exception {
        for (int id = 11; id <= 13; id++) {
            bothRead(id, "old");
        }
        CompletableFuture<String> one;
        CompletableFuture<String> other;
        try (Jvm c = jvms().another("killed", SHORT_LOCKS)) {
            for (int id : List.of(11, 12, 13, 18)) {
                c.ask("arm flushed-" + id);
                c.begin("write " + id + " new-" + id);
                c.ask("reached flushed-" + id);
            }
            assertThat(a().ask("query")).doesNotContain("new-18");
            b().ask("write 19 other");
            assertThat(a().ask("query")).doesNotContain("new-18");
            one = pausedRead(a(), 13, NoteType.LOADED);
            assertThat(b().ask("read 13"))
                    .as("it has seen all that was there before")
                    .isEqualTo("old");
            other = pausedLoad(b(), 13, NoteType.LOADED);
            for (int id : List.of(12, 13, 18)) {
                c.ask("arm committed-" + id);
                c.ask("open flushed-" + id);
                c.ask("reached committed-" + id);
            }
            c.kill();
        }
        // What it had not committed is rolled back, and cached again once its lock is over.
        assertThat(a().ask("read 11")).isEqualTo("old");
        awaitCached(11, "old");
        // What it had committed, too. All its locks ended at one time, but no session has looked at that of 13 yet. Of
        // two
        // loads from before the commit the first sweeps the lock away; the second must not profit from that.
        awaitCached(12, "new-12");
        b().ask("open " + NoteType.LOADED);
        assertThat(Jvm.result(other)).isEqualTo("old");
        a().ask("open " + NoteType.LOADED);
        assertThat(Jvm.result(one)).isEqualTo("old");
        bothRead(13, "new-13");
        bothRead(12, "new-12");
        bothRead(11, "old");
        Eventually.holds("results of queries are used again", () -> {
            String before = a().ask("statistics default-query-results-region");
            assertThat(a().ask("query")).contains("new-18");
            return hits(a().ask("statistics default-query-results-region")) > hits(before);
        });
    }

    private void awaitCached(int id, String text) throws Exception {
        Eventually.holds(id + " is cached again", () -> {
            assertThat(a().ask("read " + id)).isEqualTo(text);
            return a().ask("cached " + id).equals("true");
        });
        bothRead(id, text);
    }

    // Other kinds of data

    @Test
    void collectionsAndNaturalIdsFollow() {
        assertThat(a().ask("tags 14")).isEqualTo("[]");
        assertThat(b().ask("tags 14")).isEqualTo("[]");
        b().ask("tag 14 red");
        assertThat(a().ask("tags 14")).isEqualTo("[red]");
        assertThat(b().ask("tags 14")).isEqualTo("[red]");
        assertThat(a().ask("code code-14")).isEqualTo("old");
        assertThat(b().ask("code code-14")).isEqualTo("old");
        a().ask("recode 14 other");
        assertThat(b().ask("code code-14")).isEqualTo("none");
        assertThat(b().ask("code other")).isEqualTo("old");
        assertThat(a().ask("code other")).isEqualTo("old");
    }

    @Test
    void withoutLocksALoadFromBeforeAnUpdateIsRefusedToo() {
        a().ask("arm " + NoteType.MARSHALLED);
        CompletableFuture<String> read = a().begin("memo 1");
        a().ask("reached " + NoteType.MARSHALLED);
        b().ask("rewrite 1 new");
        a().ask("open " + NoteType.MARSHALLED);
        assertThat(Jvm.result(read)).isEqualTo("old");
        assertThat(a().ask("memo 1")).isEqualTo("new");
        assertThat(b().ask("memo 1")).isEqualTo("new");
    }

    @Test
    void readOnlyDataIsReadByBothJvms() throws Exception {
        assertThat(a().ask("country 1")).isEqualTo("Wales");
        Eventually.holds("the other JVM sees it in the cache", () -> {
            long before = hits(b().ask("statistics dev.lockstep.hibernate.model.Country"));
            assertThat(b().ask("country 1")).isEqualTo("Wales");
            return hits(b().ask("statistics dev.lockstep.hibernate.model.Country")) > before;
        });
    }

    @Test
    void anAnyReferenceIsReadByAJvmThatHasNeverWrittenIt() throws Exception {
        assertThat(a().ask("attached 1")).isEqualTo("Wales");
        Eventually.holds(
                "the other JVM sees that it is in the cache",
                () -> b().ask("attachedCached 1").equals("true"));
        assertThat(b().ask("attached 1")).isEqualTo("Wales");
        assertThat(b().ask("statistics dev.lockstep.hibernate.model.Attachment"))
                .isEqualTo("1 hits, 0 misses, 0 puts");
    }

    @Test
    void aStatelessSessionLeavesNoLock() {
        assumeTrue(a().ask("version").startsWith("7."), "Hibernate 6.6 tells the cache nothing of stateless sessions");
        bothRead(15, "old");
        a().ask("stateless 15 new");
        bothRead(15, "new");
        assertThat(a().ask("cached 15")).isEqualTo("true");
    }

    @Test
    void anInsertedNoteIsInTheCacheOfBoth() {
        assertThat(a().ask("read 1001")).as("it has looked at the shard").isEqualTo("none");
        a().ask("insert 1001 new");
        assertThat(b().ask("cached 1001")).isEqualTo("true");
        bothRead(1001, "new");
        b().ask("delete 1001");
        bothRead(1001, "none");
    }

    // Queries

    @Test
    void resultsOfQueriesFollowTheOtherJvm() {
        String first = a().ask("query");
        assertThat(b().ask("query")).isEqualTo(first);
        for (int i = 0; i < 5; i++) {
            Jvm writer = i % 2 == 0 ? a() : b();
            writer.ask("write 16 round-" + i);
            assertThat(a().ask("query")).contains("round-" + i);
            assertThat(b().ask("query")).contains("round-" + i);
            assertThat(a().ask("query")).contains("round-" + i);
        }
        String before = a().ask("statistics default-query-results-region");
        a().ask("query");
        b().ask("query");
        a().ask("query");
        assertThat(a().ask("statistics default-query-results-region"))
                .as("used in the end, after %s", before)
                .isNotEqualTo(before);
    }

    @Test
    void aResultFromBeforeACommitIsNotUsedAfterIt() {
        b().ask("arm flushed-17");
        CompletableFuture<String> write = b().begin("write 17 new-17");
        b().ask("reached flushed-17");
        assertThat(a().ask("query")).doesNotContain("new-17");
        b().ask("arm committed-17");
        b().ask("open flushed-17");
        b().ask("reached committed-17");
        assertThat(a().ask("query")).contains("new-17");
        b().ask("open committed-17");
        Jvm.result(write);
        assertThat(a().ask("query")).contains("new-17");
        assertThat(b().ask("query")).contains("new-17");
    }

    private static long hits(String statistics) {
        return Long.parseLong(statistics.substring(0, statistics.indexOf(' ')));
    }

    // Chance

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void inNoRoundOfChanceTheCacheDiffersFromTheDatabase() {
        int rounds = Integer.getInteger("lockstep-test.rounds", 8);
        for (int round = 0; round < rounds; round++) {
            assertThat(afterAStorm(jvms(), round)).as("round %d", round).isEqualTo("same, same");
        }
    }

    /** Both JVMs do something at random at once; then what they have in the cache is compared with the database. */
    static String afterAStorm(TwoJvms jvms, int round) {
        CompletableFuture<String> one = jvms.a().begin("storm " + 2 * round + " a" + round + " 3 3 3");
        CompletableFuture<String> other = jvms.b().begin("storm " + (2 * round + 1) + " b" + round + " 3 3 3");
        Jvm.result(one);
        Jvm.result(other);
        return compared(jvms);
    }

    static String compared(TwoJvms jvms) {
        CompletableFuture<String> one = jvms.a().begin("compare 3");
        CompletableFuture<String> other = jvms.b().begin("compare 3");
        return Jvm.result(one) + ", " + Jvm.result(other);
    }
}
