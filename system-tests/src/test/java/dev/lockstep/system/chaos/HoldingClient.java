package dev.lockstep.system.chaos;

import dev.lockstep.cluster.testing.NodeProcesses;
import dev.lockstep.cluster.testing.ProcessSignals;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A client in a process of its own, see {@link HoldingMain}. Not thread-safe. Closing it kills it. */
public final class HoldingClient implements AutoCloseable {

    private final Process process;
    private final BufferedReader out;
    private boolean frozen;
    private boolean leaving;

    /** Starts it, and waits until it is connected. */
    public HoldingClient(URI uri, String cache) throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        NodeProcesses.currentClassPath(),
                        HoldingMain.class.getName(),
                        uri.toString(),
                        cache)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        word();
    }

    private String word() throws IOException {
        String word = out.readLine();
        if (word == null) {
            throw new IOException("The client has ended");
        }
        return word;
    }

    /** Has it call {@code invoke} on a key. False if that failed, or it is busy with another. */
    public boolean hold(String key) throws IOException {
        if (frozen || leaving) {
            return false;
        }
        say(key);
        return word().equals(HoldingMain.INSIDE);
    }

    /** Lets one that was frozen go on, and out, without waiting until it is. */
    public void letGo() throws IOException {
        if (frozen) {
            ProcessSignals.resume(process);
            frozen = false;
            say("");
            leaving = true;
        }
    }

    /** Waits until it is outside, if it was let go. */
    public void awaitOutside() throws IOException {
        if (leaving) {
            word();
            leaving = false;
        }
    }

    private void say(String line) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    /** SIGSTOP: it stands still, its connections stay open. */
    public void freeze() throws IOException {
        ProcessSignals.stop(process);
        frozen = true;
    }

    /** SIGKILL. Waits until it is gone. */
    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
