package dev.lockstep.cluster.node;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;

/**
 * The end of what this process has written to its standard error, where a node logs, kept for operators who ask for it. Passes everything
 * on. Thread-safe.
 */
final class RecentOutput extends OutputStream {

    static final int KEPT_BYTES = 256 * 1024;
    private static final RecentOutput INSTANCE = new RecentOutput(System.err);

    private final PrintStream to;
    private final byte[] ring = new byte[KEPT_BYTES];
    private long written;

    RecentOutput(PrintStream to) {
        this.to = to;
    }

    /** Begins to keep it, for as long as the process runs. */
    static void keep() {
        System.setErr(new PrintStream(INSTANCE, true, Charset.defaultCharset()));
    }

    /** Returns what is kept of this process; empty if it does not keep it. */
    static String text() {
        return INSTANCE.kept();
    }

    /** Returns what is kept, from the beginning of a line on. */
    synchronized String kept() {
        int length = (int) Math.min(written, KEPT_BYTES);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = ring[(int) ((written - length + i) % KEPT_BYTES)];
        }
        String text = new String(bytes, Charset.defaultCharset());
        return written > KEPT_BYTES ? text.substring(text.indexOf('\n') + 1) : text;
    }

    @Override
    public synchronized void write(int one) {
        add((byte) one);
        to.write(one);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            add(bytes[i]);
        }
        to.write(bytes, offset, length);
    }

    private void add(byte one) {
        ring[(int) (written % KEPT_BYTES)] = one;
        written++;
    }

    @Override
    public void flush() {
        to.flush();
    }
}
