package dev.lockstep.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.topology.ReplicaStatus;
import dev.lockstep.protocol.topology.Slots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page from which clients in other languages are written: a change of these bytes is another protocol version. */
class DocumentedProtocolTest {

    /** The offset of a frame's tag, behind its length and a correlation id of one byte. */
    private static final int TAG = 5;

    private final String page = Files.readString(Path.of("../docs/protocol.md"));

    DocumentedProtocolTest() throws IOException {}

    private void isAnExample(byte[] frame) {
        String examples = page.substring(page.indexOf("## Examples")).replace(" ", "");
        assertThat(examples).contains("\n" + HexFormat.of().formatHex(frame) + "\n");
    }

    @Test
    void framesLookAsThePageShows() {
        isAnExample(FrameCodec.encode(0, new Request.Hello(1, 1, "demo", null)));
        isAnExample(FrameCodec.encode(0, new Reply.Welcome(1, "demo", new NodeId("n1"), 1 << 24)));
        Mutation put = Mutation.put(Bytes.utf8("k"), Bytes.utf8("v"), new Condition.VersionIs(65_536));
        isAnExample(FrameCodec.encode(
                300, new Request.Write(7, 2, new RequestId(1, -1, 300, 299), List.of(put), LeaseId.NONE)));
        MutationResult result = new MutationResult(true, false, null, 589_824, 1);
        isAnExample(FrameCodec.encode(300, new Reply.Written(9, 1_700_000_000_000L, List.of(result))));
    }

    @Test
    void slotsAreAsThePageShows() {
        isASlot("(empty)", "", 1);
        isASlot("`a`", "a", 1);
        isASlot("`a`", "a", 7);
        isASlot("`users/42`", "users/42", 7);
    }

    private void isASlot(String shown, String key, int cacheId) {
        long hash = Bytes.utf8(key).hash64();
        assertThat(page)
                .contains("| " + shown + " | " + cacheId + " | `"
                        + HexFormat.of().toHexDigits(hash) + "` | " + Slots.of(cacheId, hash) + " |");
    }

    @Test
    void everyRequestAndReplyIsOnThePageWithItsTag() {
        assertThat(rows("| tag | request |"))
                .containsExactlyInAnyOrderElementsOf(Samples.requests().stream()
                        .map(request -> row(FrameCodec.encode(0, request), request))
                        .collect(Collectors.toSet()));
        assertThat(rows("| tag | reply |"))
                .containsExactlyInAnyOrderElementsOf(Samples.replies().stream()
                        .map(reply -> row(FrameCodec.encode(0, reply), reply))
                        .collect(Collectors.toSet()));
    }

    /** Returns the tag and the name in each row of a table. */
    private List<String> rows(String header) {
        return page.lines()
                .dropWhile(line -> !line.startsWith(header))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\|"))
                .map(cells -> cells[1].strip() + " " + cells[2].strip())
                .toList();
    }

    private static String row(byte[] frame, Object message) {
        return frame[TAG] + " `" + message.getClass().getSimpleName() + "`";
    }

    @Test
    void everyStateOfAReplicaIsOnThePageInOrder() {
        assertThat(page)
                .contains("states in order: "
                        + Stream.of(ReplicaStatus.State.values())
                                .map(state ->
                                        state.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                                .collect(Collectors.joining(", "))
                        + " |");
    }

    @Test
    void theDiagramOfAReplicasStatesHasAllOfThem() throws IOException {
        assertThat(Pattern.compile("state \"[^\"]*\" as (\\w+)")
                        .matcher(Files.readString(Path.of("../docs/architecture.md")))
                        .results()
                        .map(state -> state.group(1)))
                .containsExactlyInAnyOrderElementsOf(Stream.of(ReplicaStatus.State.values())
                        .map(ReplicaStatus.State::name)
                        .toList());
    }

    @Test
    void everyStatusIsOnThePageWithItsNumberAndKind() {
        for (Status status : Status.values()) {
            assertThat(page)
                    .contains("| " + status.ordinal() + " `" + status + "` | "
                            + status.kind().name().toLowerCase(Locale.ROOT) + " |");
        }
    }
}
