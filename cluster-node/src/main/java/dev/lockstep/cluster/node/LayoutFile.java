package dev.lockstep.cluster.node;

import dev.lockstep.cluster.files.SmallFile;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last layout of the cluster that a node has seen, kept with its data: by it the node finds the others and opens what it hosts when
 * it is started again, before the control group has told it the newest.
 */
final class LayoutFile {

    private static final Logger LOG = LoggerFactory.getLogger(LayoutFile.class);
    private static final String FILE = "layout";

    private LayoutFile() {}

    /** Reads it; null if there is none, or it is damaged, in which case the other nodes know better. */
    static @Nullable Layout read(Path data) throws IOException {
        Path file = data.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        try {
            WireReader in = new WireReader(
                    Base64.getDecoder().decode(Files.readString(file).strip()));
            Layout layout = ValueCodec.layout(in);
            in.end();
            return layout;
        } catch (MalformedFrameException | IllegalArgumentException damaged) {
            LOG.warn("{} is damaged, and is written anew: {}", file, damaged.getMessage());
            return null;
        }
    }

    static void write(Path data, Layout layout) throws IOException {
        WireWriter out = new WireWriter(256);
        ValueCodec.layout(out, layout);
        SmallFile.write(data.resolve(FILE), Base64.getEncoder().encodeToString(out.toByteArray()) + "\n");
    }
}
