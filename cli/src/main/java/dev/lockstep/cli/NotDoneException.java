package dev.lockstep.cli;

/** Thrown when a command has begun something that is not done yet, and goes on by itself: the message says what is left. */
final class NotDoneException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotDoneException(String message) {
        super(message);
    }
}
