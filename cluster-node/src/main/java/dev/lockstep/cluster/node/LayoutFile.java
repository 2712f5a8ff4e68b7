package dev.lockstep.cluster.node;

import dev.lockstep.cluster.files.SmallFile;
import dev.lockstep.protocol.topology.ClusterVersion;
import dev.lockstep.protocol.topology.Layout;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.ValueCodec;
import dev.lockstep.protocol.wire.WireReader;
import dev.lockstep.protocol.wire.WireWriter;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last layout of the cluster that a node has seen, kept with its data: by it the node finds the others and opens what it hosts when
 * it is started again, before the control group has told it the newest. Its first line says which version the cluster had, and with that
 * the data folder: it is read before anything else there.
 */
final class LayoutFile {

    private static final Logger LOG = LoggerFactory.getLogger(LayoutFile.class);
    private static final String FILE = "layout";
    private static final Pattern HEAD = Pattern.compile("cluster-version (\\d{1,9})");

    private LayoutFile() {}

    /**
     * Reads it; null if there is none, or it is damaged, in which case the other nodes know better.
     *
     * @param able the versions that the node can do
     * @throws IOException when it can't do that of the file, naming both
     */
    static @Nullable Layout read(Path data, NodeId self, ClusterVersion.Range able) throws IOException {
        Path file = data.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        try {
            List<String> lines = Files.readAllLines(file);
            Matcher head = HEAD.matcher(lines.isEmpty() ? "" : lines.get(0));
            if (!head.matches() || lines.size() != 2) {
                throw new MalformedFrameException("it has no version and layout");
            }
            ClusterVersion version = new ClusterVersion(Integer.parseInt(head.group(1)));
            if (!able.includes(version)) {
                throw new IOException("The data in " + data + " can't be read. " + able.refusal(self, version));
            }
            WireReader in = new WireReader(Base64.getDecoder().decode(lines.get(1)));
            Layout layout = ValueCodec.layout(in);
            in.end();
            return layout;
        } catch (MalformedFrameException | IllegalArgumentException | CharacterCodingException damaged) {
            LOG.warn("{} is damaged, and is written anew: {}", file, damaged.getMessage());
            return null;
        }
    }

    static void write(Path data, Layout layout) throws IOException {
        WireWriter out = new WireWriter(256);
        ValueCodec.layout(out, layout);
        SmallFile.write(
                data.resolve(FILE),
                "cluster-version " + layout.clusterVersion() + "\n"
                        + Base64.getEncoder().encodeToString(out.toByteArray()) + "\n");
    }
}
