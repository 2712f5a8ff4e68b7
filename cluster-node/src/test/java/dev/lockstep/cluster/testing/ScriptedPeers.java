package dev.lockstep.cluster.testing;

import dev.lockstep.cluster.readindex.TermConfirmations;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Peers whose answers a test decides. Not thread-safe. */
public final class ScriptedPeers implements TermConfirmations {

    private final List<Question> questions = new ArrayList<>();

    /** A question to a peer that has not answered yet. */
    public record Question(NodeId peer, Request request, Consumer<@Nullable Reply> answer) {}

    @Override
    public void ask(NodeId peer, Request request, Consumer<@Nullable Reply> answer) {
        questions.add(new Question(peer, request, answer));
    }

    /** The unanswered questions, the oldest first. */
    public List<Question> questions() {
        return List.copyOf(questions);
    }

    /** The unanswered questions to one peer. */
    public List<Question> of(NodeId peer) {
        return questions.stream()
                .filter(question -> question.peer().equals(peer))
                .toList();
    }

    /** Answers the oldest question to a peer about terms with the same for all. */
    public void confirm(NodeId peer, boolean current) {
        Question question = of(peer).get(0);
        int terms = ((Request.ConfirmTerms) question.request()).terms().size();
        answer(question, new Reply.TermsConfirmed(Collections.nCopies(terms, current)));
    }

    /** Answers a question; null for a link that broke. */
    public void answer(Question question, @Nullable Reply reply) {
        questions.remove(question);
        question.answer().accept(reply);
    }
}
