package dev.lockstep.tck;

/** Prepares the topology that the TCK is to be run against. */
public final class TckTopology {

    private TckTopology() {}

    /**
     * @param arguments the topology's name
     * @throws IllegalArgumentException for a topology that can't be run
     */
    public static void main(String... arguments) {
        String name = arguments[0];
        if (!name.equals("embedded")) {
            throw new IllegalArgumentException("The TCK can't be run against the topology \"" + name
                    + "\": only \"embedded\" is there, the single node in the JVM of the tests");
        }
    }
}
