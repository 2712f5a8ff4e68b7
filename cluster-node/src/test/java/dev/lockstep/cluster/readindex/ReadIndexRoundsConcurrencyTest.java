package dev.lockstep.cluster.readindex;

import dev.lockstep.cluster.testing.ManualReplicatedLog;
import dev.lockstep.protocol.concurrency.ManualEventLoop;
import dev.lockstep.protocol.concurrency.Race;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Reads begun while questions are sent and answered. With two voters each answer that confirms a read is known: its question
 * must have been sent after the read began, and the position it confirms must cover what was committed then. Each read is told
 * once.
 */
@Tag("slow")
public class ReadIndexRoundsConcurrencyTest implements Race.Round {

    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final ThreadLocal<Question> ANSWERING = new ThreadLocal<>();

    private final ManualReplicatedLog<Void, Void> log = new ManualReplicatedLog<>(A, Set.of(A, B));
    private final ManualEventLoop clock = new ManualEventLoop();
    private final AtomicInteger moment = new AtomicInteger();
    private final Queue<Question> questions = new ConcurrentLinkedQueue<>();
    private final Queue<Read> reads = new ConcurrentLinkedQueue<>();
    private final AtomicReference<String> wrong = new AtomicReference<>();

    private final ReadIndexRounds rounds = new ReadIndexRounds(A, this::ask, clock, Duration.ofSeconds(1));

    private record Question(int sent, Request.ConfirmTerms request, Consumer<@Nullable Reply> answer) {}

    /** One read. */
    private final class Read implements ReadIndexRounds.Reader {

        private final long committed = log.commitPosition();
        private final int began = moment.incrementAndGet();
        private final AtomicInteger told = new AtomicInteger();

        @Override
        public void confirmed(long commitPosition) {
            told.incrementAndGet();
            int sent = ANSWERING.get().sent();
            if (sent < began) {
                wrong.set("A read of moment " + began + " was confirmed by a question of moment " + sent);
            }
            if (commitPosition < committed) {
                wrong.set("A read was told " + commitPosition + " when " + committed + " was committed before it");
            }
        }

        @Override
        public void refused(Status why) {
            wrong.set("A read was refused: " + why);
        }
    }

    private void ask(NodeId peer, Request request, Consumer<@Nullable Reply> answer) {
        questions.add(new Question(moment.incrementAndGet(), (Request.ConfirmTerms) request, answer));
    }

    public void read() {
        Read read = new Read();
        reads.add(read);
        rounds.confirm(0, log, read);
    }

    public void commit() {
        log.commit();
    }

    public void answer() {
        Question question = questions.poll();
        if (question != null) {
            ANSWERING.set(question);
            var yes = Collections.nCopies(question.request().terms().size(), true);
            question.answer().accept(new Reply.TermsConfirmed(yes));
        }
    }

    public void loseAnswer() {
        Question question = questions.poll();
        if (question != null) {
            question.answer().accept(null);
        }
    }

    public void tick() {
        rounds.tick();
    }

    @Override
    public void validate() {
        for (int i = 0; i < 4; i++) {
            rounds.tick();
            while (!questions.isEmpty()) {
                answer();
            }
        }
        for (Read read : reads) {
            if (read.told.get() != 1) {
                wrong.set("A read was told " + read.told + " times");
            }
        }
        if (wrong.get() != null) {
            throw new IllegalStateException(wrong.get());
        }
    }

    @Override
    public List<List<Runnable>> lanes() {
        return List.of(
                List.of(this::read, this::commit),
                List.of(this::answer, this::answer, this::loseAnswer, this::tick),
                List.of(this::read));
    }

    @Test
    void threads() throws Exception {
        Race.run(ReadIndexRoundsConcurrencyTest::new);
    }
}
