package dev.lockstep.cluster.testing;

import java.io.IOException;

/** POSIX signals that Java has no method for. Stateless. */
public final class ProcessSignals {

    private ProcessSignals() {}

    /** Sends SIGSTOP: the process is paused once all its threads are, and its connections stay open. */
    public static void stop(Process process) throws IOException {
        send("STOP", process);
    }

    /** Sends SIGCONT: the process continues. */
    public static void resume(Process process) throws IOException {
        send("CONT", process);
    }

    private static void send(String name, Process process) throws IOException {
        try {
            int exit = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IOException("Could not send SIG" + name + " to process " + process.pid());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }
}
