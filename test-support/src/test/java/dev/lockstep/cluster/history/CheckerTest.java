package dev.lockstep.cluster.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.cluster.history.Verdict.Rule;
import dev.lockstep.protocol.wire.Consistency;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Histories written by hand, one for each rule; a {@code ;} ends a line. */
class CheckerTest {

    private static Report check(String text) {
        return new Checker().check(HistoryText.read(text.replace(';', '\n')));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                // One after the other.
                "1 2 a k strong put v = done; 3 4 b k strong get = v; 5 6 b k strong containsKey = true",
                "1 2 a k strong get = -; 3 4 a k strong containsKey = false",
                // While a put is in flight it may or may not be seen, but not unseen again.
                "1 9 a k strong put v = done; 2 3 b k strong get = -; 4 5 b k strong get = v",
                // What touches at one moment is concurrent.
                "1 5 a k strong put v = done; 5 6 b k strong get = -",
                // Each operation as the specification has it.
                "1 2 a k strong getAndPut v = -; 3 4 a k strong getAndPut w = v; 5 6 a k strong get = w",
                "1 2 a k strong putIfAbsent v = true; 3 4 a k strong putIfAbsent w = false; 5 6 a k strong get = v",
                "1 2 a k strong remove = false; 3 4 a k strong put v = done; 5 6 a k strong remove = true; 7 8 a k strong get = -",
                "1 2 a k strong put v = done; 3 4 a k strong removeIf w = false; 5 6 a k strong removeIf v = true; 7 8 a k strong get = -",
                "1 2 a k strong put v = done; 3 4 a k strong getAndRemove = v; 5 6 a k strong getAndRemove = -",
                "1 2 a k strong replace v = false; 3 4 a k strong put w = done; 5 6 a k strong replace x = true; 7 8 a k strong get = x",
                "1 2 a k strong put v = done; 3 4 a k strong replaceIf x w = false; 5 6 a k strong replaceIf v y = true; 7 8 a k strong get = y",
                "1 2 a k strong getAndReplace v = -; 3 4 a k strong put w = done; 5 6 a k strong getAndReplace x = w; 7 8 a k strong get = x",
                "1 2 a k strong swap v = -; 3 4 a k strong swap w = v; 5 6 a k strong get = w",
                "1 2 a k strong compareAndSet - v = -; 3 4 a k strong compareAndSet x w = v; 5 6 a k strong compareAndSet v y = v; 7 8 a k strong compareAndSet y - = y; 9 10 a k strong get = -",
                // What is unknown happens late, or never.
                "1 2 a k strong put v = !unknown; 3 4 b k strong get = -; 90 91 b k strong get = v",
                "1 2 a k strong put v = !unknown; 90 91 b k strong get = -",
                "1 2 a k strong put v = done; 3 4 a k strong remove = !unknown; 5 6 b k strong get = v; 7 8 b k strong get = -",
                // What failed did not happen.
                "1 2 a k strong put v = !failed; 3 4 b k strong get = -",
                // Values vanish where that is said, when they are old enough.
                "vanish k 10; 1 2 a k strong put v = done; 3 12 b k strong get = -",
                "vanish k 0; 1 2 a k strong put v = done; 2 3 b k strong putIfAbsent w = true; 4 5 b k strong get = w",
                // Session reads may be behind, but not behind their own client.
                "1 2 a k strong put v = done; 3 4 b k session get = -; 5 6 b k session get = v",
                "1 2 a k strong put v = done; 3 4 b k session containsKey = false; 5 6 b k session containsKey = true",
                "1 2 a k strong put v = done; 3 4 b k strong put w = done; 5 6 c k session get = v; 7 8 c k session get = w",
                // Two puts overlap, their order was not reported: both clients can be right.
                "1 9 a k strong put v = done; 1 9 b k strong put w = done; 10 11 c k session get = v; 12 13 c k session get = w",
                "1 9 a k strong put v = done; 1 9 b k strong put w = done; 10 11 c k session get = w; 12 13 c k session get = v",
                // The client was not told, so it is not promised to see it.
                "1 2 a k strong put v = !unknown; 3 4 a k session get = -; 5 6 a k session get = v",
                // Gone by the clock of the replica before the log says so.
                "vanish k 10; 1 2 a k strong put v = done; 3 12 b k session get = -; 13 14 c k strong get = v; 15 16 b k session get = -",
                // At one moment, but in the order of the client's program.
                "1 1 a k strong put v = done; 1 1 a k strong put w = done; 1 1 a k strong get = w"
            })
    void isFine(String text) {
        Report report = check(text);
        assertThat(report.isClean()).as(report.toString()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // A stale read, a lost update, a value out of nowhere, one that comes back.
                "1 2 a k strong put v = done; 3 4 b k strong get = -",
                "1 2 a k strong put v = done; 3 4 b k strong put w = done; 5 6 c k strong get = v",
                "1 2 a k strong get = v",
                "1 9 a k strong put v = done; 2 3 b k strong get = v; 4 5 b k strong get = -",
                "1 2 a k strong put v = done; 3 4 b k strong swap w = v; 5 6 c k strong swap x = v",
                // Read before it was written.
                "1 2 b k strong get = v; 3 4 a k strong put v = done",
                // Both were first, both removed it, both saw the same before them.
                "1 9 a k strong putIfAbsent v = true; 1 9 b k strong putIfAbsent w = true",
                "1 2 a k strong put v = done; 3 9 a k strong remove = true; 3 9 b k strong remove = true",
                "1 9 a k strong compareAndSet - v = -; 1 9 b k strong compareAndSet - w = -",
                "1 2 a k strong put v = done; 3 9 a k strong replaceIf v w = true; 3 9 b k strong replaceIf v x = true",
                // What happened once is not repeated: a retry that was applied twice.
                "1 2 a k strong put v = !unknown; 3 4 b k strong get = v; 5 6 b k strong put w = done; 7 8 b k strong get = v",
                "1 2 a k strong put v = !failed; 3 4 b k strong get = v",
                "1 2 a k strong put v = done; 3 4 a k strong remove = !failed; 5 6 b k strong get = -",
                // Too early to vanish, and vanished is vanished.
                "vanish k 10; 1 2 a k strong put v = done; 3 10 b k strong get = -",
                "vanish k 10; 1 2 a k strong put v = done; 3 12 b k strong get = -; 13 14 b k strong get = v",
                "vanish other 0; 1 2 a k strong put v = done; 3 12 b k strong get = -",
                // In the order of the client's program, though at one moment.
                "1 1 a k strong put v = done; 1 1 a k strong put w = done; 1 1 a k strong get = v"
            })
    void isNotLinearizable(String text) {
        assertThat(check(text).violations()).extracting(Verdict.Violation::rule).containsExactly(Rule.LINEARIZABLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Not its own write, its own removal, its own refusal.
                "1 2 a k strong put v = done; 3 4 a k session get = -",
                "1 2 a k strong put v = done; 3 4 a k session containsKey = false",
                "1 2 b k strong put v = done; 3 4 a k strong remove = true; 5 6 a k session get = v",
                "1 2 b k strong put v = done; 3 4 b k strong put w = done; 5 6 a k strong putIfAbsent x = false; 7 8 a k session get = v",
                // Back behind what it has read, strongly or not.
                "1 2 a k strong put v = done; 3 4 b k session get = v; 5 6 b k session get = -",
                "1 2 a k strong put v = done; 3 4 a k strong put w = done; 5 6 b k session get = w; 7 8 b k session get = v",
                "1 2 a k strong put v = done; 3 4 a k strong put w = done; 5 6 b k strong get = w; 7 8 b k session get = v",
                "1 2 a k strong put v = done; 3 4 a k strong remove = true; 5 6 b k session get = v; 7 8 b k session get = -; 9 10 b k session get = v",
                // From the future, or from nowhere.
                "1 2 b k session get = v; 3 4 a k strong put v = done",
                "1 2 b k session get = v",
                "1 2 a k strong put v = !failed; 3 4 b k session get = v",
                // Two sessions that saw the same two puts in different orders.
                "1 9 a k strong put v = done; 1 9 b k strong put w = done; 10 11 c k session get = v; 12 13 c k session get = w; 10 11 d k session get = w; 12 13 d k session get = v",
                // Unknown, but seen: it has happened, and what is read later comes after it.
                "1 2 a k strong put v = done; 3 4 a k strong put w = !unknown; 5 6 b k session get = w; 7 8 b k session get = v",
                // Gone by the clock stays gone for this client.
                "vanish k 10; 1 2 a k strong put v = done; 3 4 b k session get = v; 5 12 b k session get = -; 13 14 b k session get = v",
                "vanish k 10; 1 2 a k strong put v = done; 3 10 a k session get = -"
            })
    void breaksASession(String text) {
        assertThat(check(text).violations()).extracting(Verdict.Violation::rule).containsExactly(Rule.SESSION);
    }

    @Test
    void keysAreJudgedOneByOne() {
        Report report = check("1 2 a k strong put v = done; 3 4 a j strong get = -; 5 6 a i strong get = v");
        assertThat(report.violations()).extracting(Verdict.Violation::key).containsExactly("i");
        assertThat(report.verdicts()).hasSize(3);
    }

    @Test
    void tellsWhatIsWrongWithAFewCalls() {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(call("a", 10 * i, new Operation.Put("v" + i), Outcome.DONE));
            calls.add(call("b", 10 * i + 5, new Operation.Get(), Outcome.of(i == 70 ? "v68" : "v" + i)));
        }
        Verdict.Violation violation =
                new Checker().check(History.of(calls)).violations().get(0);
        assertThat(violation.calls()).hasSize(72);
        assertThat(violation.toString())
                .contains("key k is not linearizable")
                .contains("the value then is v70")
                .contains("705 706 b k strong get = v68")
                .doesNotContain("v71");
    }

    private static Call call(String client, long at, Operation operation, Outcome outcome) {
        return new Call(client, "k", Consistency.STRONG, operation, at, at + 1, outcome);
    }

    @Test
    void tellsWhenItCouldNotFindOut() {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            calls.add(new Call(
                    "c" + i % 8,
                    "k",
                    Consistency.STRONG,
                    new Operation.Put("v" + i),
                    100L * (i / 8),
                    100L * (i / 8) + 99,
                    Outcome.DONE));
        }
        calls.add(call("c0", 1_000, new Operation.Get(), Outcome.of("nothing")));
        Report report = new Checker(1_000).check(History.of(calls));
        assertThat(report.violations()).isEmpty();
        assertThat(report.unknown()).hasSize(1);
        assertThat(report.isClean()).isFalse();
        assertThat(report.toString()).contains("unknown=1").contains("not decided");
    }

    /** Hundreds of calls at once, many unknown: what a round may bring is decided within the budget. */
    @Test
    void decidesTheLargestRound() {
        for (int seed = 0; seed < 20; seed++) {
            History history = new Histories(new Random(seed), 8, 500, 4, 0.15).generated();
            Report report = new Checker().check(history);
            assertThat(report.isClean()).as("seed " + seed + ": " + report).isTrue();
        }
    }

    @Test
    void refusesWhatItCannotJudge() {
        List<Call> many = new ArrayList<>();
        for (int i = 0; i <= History.MAX_CALLS; i++) {
            many.add(call("a", 2L * i, new Operation.Get(), Outcome.of((String) null)));
        }
        assertThatThrownBy(() -> History.of(many)).hasMessageContaining("at most 500 calls, not 501");
        List<Call> clients = new ArrayList<>();
        for (int i = 0; i <= History.MAX_CLIENTS; i++) {
            clients.add(call("c" + i, i, new Operation.Remove(), Outcome.of(false)));
        }
        assertThatThrownBy(() -> History.of(clients)).hasMessageContaining("At most 8 clients");
        Call put = call("a", 1, new Operation.Put("v"), Outcome.DONE);
        Call again = call("b", 1, new Operation.Replace("v"), Outcome.of(false));
        assertThatThrownBy(() -> History.of(List.of(put, again))).hasMessageContaining("written twice");
        Call overlapping = call("a", 1, new Operation.Put("w"), Outcome.DONE);
        assertThatThrownBy(() -> History.of(List.of(put, overlapping))).hasMessageContaining("two things at once");
        assertThatThrownBy(() -> call("a b", 1, new Operation.Get(), Outcome.DONE))
                .hasMessageContaining("token");
        assertThatThrownBy(() -> call("a", 1, new Operation.Put("v"), Outcome.of(true)))
                .hasMessageContaining("can't be answered");
        assertThatThrownBy(() -> check("1 2 a k session put v = done"))
                .rootCause()
                .hasMessageContaining("consistency");
        assertThatThrownBy(() -> check("1 2 a k strong put v = done; 1 2 a k strong fetch = v"))
                .hasMessageContaining("Line 2");
    }

    @Test
    void historiesAreKeptAsText(@TempDir Path folder) throws Exception {
        for (int seed = 0; seed < 50; seed++) {
            History history = new Histories(new Random(seed), 4, 60, 3, 0.3).generated();
            Path file = folder.resolve("history" + seed);
            HistoryText.save(history, file);
            assertThat(HistoryText.load(file)).isEqualTo(history);
        }
    }

    @Test
    void anUnfinishedCallIsUnknown() {
        AtomicLong clock = new AtomicLong();
        Recorder recorder = new Recorder(clock::incrementAndGet);
        Recorder.Open put = recorder.begins("a", "k", Consistency.STRONG, new Operation.Put("v"));
        recorder.begins("b", "k", Consistency.STRONG, new Operation.Put("w"));
        put.ended(Outcome.DONE);
        assertThat(recorder.history(Map.of("k", 5L)))
                .isEqualTo(
                        HistoryText.read("1 3 a k strong put v = done\n2 2 b k strong put w = !unknown\nvanish k 5"));
        assertThatThrownBy(() -> Collections.nCopies(History.MAX_CALLS, "a")
                        .forEach(client -> recorder.begins(client, "k", Consistency.STRONG, new Operation.Remove())))
                .isInstanceOf(IllegalStateException.class);
    }
}
