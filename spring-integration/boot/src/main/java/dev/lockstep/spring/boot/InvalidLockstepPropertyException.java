package dev.lockstep.spring.boot;

/** A property that can't be used; a failure analysis names it. */
public final class InvalidLockstepPropertyException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final String property;
    private final String value;
    private final String reason;

    /**
     * @param property its full name
     * @param value what it has
     * @param reason why that can't be used, and what would do
     */
    InvalidLockstepPropertyException(String property, Object value, String reason) {
        super("The property " + property + " has the value \"" + value + "\": " + reason);
        this.property = property;
        this.value = String.valueOf(value);
        this.reason = reason;
    }

    public String property() {
        return property;
    }

    public String value() {
        return value;
    }

    public String reason() {
        return reason;
    }
}
