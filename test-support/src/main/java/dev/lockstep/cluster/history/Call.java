package dev.lockstep.cluster.history;

import dev.lockstep.protocol.wire.Consistency;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One operation of one client, and what it was told. Immutable.
 *
 * <p>Clients, keys and values are tokens of letters, digits and {@code _ . : / +}, so that a call is a line of text.
 *
 * @param client has a session of its own, and uses a key by one operation at a time
 * @param consistency of a read; {@link Consistency#STRONG} for all that is no read
 * @param invoked in any unit, not before it was called
 * @param responded not before {@code invoked}; of no meaning when the outcome is unknown. Equal times are concurrent
 */
public record Call(
        String client,
        String key,
        Consistency consistency,
        Operation operation,
        long invoked,
        long responded,
        Outcome outcome) {

    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_.:/+]{1,100}");

    /** @throws IllegalArgumentException for a call that no client can have made */
    public Call {
        token(client);
        token(key);
        token(operation.written());
        token(expected(operation));
        if (outcome instanceof Outcome.Value read) {
            token(read.value());
        }
        if (responded < invoked) {
            throw new IllegalArgumentException("The response at " + responded + " is before the call at " + invoked);
        }
        if (consistency == Consistency.SESSION && !operation.isRead()) {
            throw new IllegalArgumentException("Only reads have a consistency, not " + operation);
        }
        if (!fits(operation.answer(), outcome)) {
            throw new IllegalArgumentException(operation + " can't be answered by " + outcome);
        }
    }

    /** A value as it is written down; nothing is written {@code -}. */
    private static void token(@Nullable String text) {
        if (text != null && !TOKEN.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no token of " + TOKEN);
        }
    }

    static @Nullable String expected(Operation operation) {
        if (operation instanceof Operation.RemoveIf removeIf) {
            return removeIf.expected();
        }
        if (operation instanceof Operation.ReplaceIf replaceIf) {
            return replaceIf.expected();
        }
        return operation instanceof Operation.CompareAndSet compare ? compare.expected() : null;
    }

    private static boolean fits(Operation.Answer answer, Outcome outcome) {
        if (outcome == Outcome.FAILED || outcome == Outcome.UNKNOWN) {
            return true;
        }
        return switch (answer) {
            case NOTHING -> outcome == Outcome.DONE;
            case FLAG -> outcome instanceof Outcome.Flag;
            case VALUE -> outcome instanceof Outcome.Value;
        };
    }

    /** Tells whether the client learned the outcome. */
    public boolean isAcknowledged() {
        return outcome != Outcome.FAILED && outcome != Outcome.UNKNOWN;
    }

    /** Tells whether it may be served from the past, within its session's guarantee. */
    public boolean isSessionRead() {
        return consistency == Consistency.SESSION;
    }

    Call unknown() {
        return new Call(client, key, consistency, operation, invoked, responded, Outcome.UNKNOWN);
    }

    @Override
    public String toString() {
        return HistoryText.line(this);
    }
}
