package dev.lockstep.protocol.concurrency;

import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/** The thoroughness of Lincheck: enough to find the defects that were planted, and little enough for every build. */
public final class Interleavings {

    private Interleavings() {}

    /**
     * Runs random short scenarios of a class's operations on two threads, each in many interleavings, one after another and
     * reproducibly; fails with the shortest that breaks what the class validates or is not linearizable. For small structures:
     * every access of memory is instrumented. The JDK's concurrent collections are taken for what they promise, not looked into.
     */
    public static void enumerate(Class<?> operations) {
        new ModelCheckingOptions()
                .threads(2)
                .actorsBefore(2)
                .actorsPerThread(3)
                .actorsAfter(0)
                .iterations(6)
                .invocationsPerIteration(100)
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(
                                "java.util.concurrent.ConcurrentHashMap",
                                "java.util.concurrent.ConcurrentHashMap$KeySetView",
                                "java.util.concurrent.ConcurrentLinkedQueue")
                        .allMethods()
                        .treatAsAtomic())
                .check(operations);
    }
}
