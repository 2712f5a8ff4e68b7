package dev.lockstep.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;

/** The artifacts that {@code lockstep-bom} manages, compared with the modules that are published. */
class BillOfMaterialsTest {

    private static final Path ROOT = Path.of("..");

    @Test
    void theBillOfMaterialsHasEveryJarThatIsPublishedAndNoOther() throws Exception {
        List<String> managed = texts(ROOT.resolve("bom"), "/project/dependencyManagement/dependencies/*/artifactId");

        assertThat(managed).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(managed)).isEqualTo(published(ROOT));
    }

    /** Collects the artifacts of a folder's module, unless it is a pom, and of those below it; none if they are not deployed. */
    private static Set<String> published(Path folder) throws Exception {
        Set<String> artifacts = new TreeSet<>();
        if (!texts(folder, "/project[properties/maven.deploy.skip='true']").isEmpty()) {
            return artifacts;
        }
        if (texts(folder, "/project[packaging='pom']").isEmpty()) {
            artifacts.addAll(texts(folder, "/project/artifactId"));
        }
        for (String module : texts(folder, "//modules/module")) {
            artifacts.addAll(published(folder.resolve(module)));
        }
        return artifacts;
    }

    private static List<String> texts(Path folder, String path) throws Exception {
        NodeList nodes = (NodeList) XPathFactory.newInstance()
                .newXPath()
                .evaluate(
                        path,
                        DocumentBuilderFactory.newInstance()
                                .newDocumentBuilder()
                                .parse(folder.resolve("pom.xml").toFile()),
                        XPathConstants.NODESET);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(node -> nodes.item(node).getTextContent().strip())
                .toList();
    }
}
