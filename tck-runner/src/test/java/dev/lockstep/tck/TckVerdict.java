package dev.lockstep.tck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * Reads the reports of a run of the TCK and judges it. A test that the exclude list names passes silently, and one that is
 * not found is not missed: so the numbers are counted here, and any other than those expected fail the build.
 */
public final class TckVerdict {

    /** The number of executions of the TCK 1.1.1, including the one that fails on purpose. */
    static final int EXPECTED = 481;
    /** {@code CachingTest#dummyTest}, which is there to be excluded. */
    static final int EXPECTED_EXCLUDED = 1;
    /** Tests of the optional feature of storing by reference, which return early where a cluster can't have it. */
    static final int BY_REFERENCE = 12;

    private static final Pattern EXCLUDED = Pattern.compile("EXCLUDING TEST '([^']+)'\\s+'([^']+)'");

    private int run;
    private int skipped;
    private int excluded;
    private int byReference;
    private final List<String> failures = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();

    /**
     * @param arguments the topology's name, and the folder of the reports
     * @throws IllegalStateException unless all tests ran and passed
     */
    public static void main(String... arguments) throws IOException {
        TckVerdict verdict = of(Path.of(arguments[1]));
        verdict.failures.forEach(name -> System.out.println("FAILED " + name));
        verdict.errors.forEach(name -> System.out.println("ERROR  " + name));
        if (verdict.byReference > 0) {
            System.out.println(
                    "TCK " + arguments[0] + ": " + verdict.byReference + " of the tests returned early, since"
                            + " caches that are stored by reference, an optional feature, exist in the single node in memory only");
        }
        String summary = "TCK " + arguments[0] + ": " + verdict;
        System.out.println(summary);
        int expectedByReference = arguments[0].equals("embedded") ? 0 : BY_REFERENCE;
        if (!verdict.isPassed() || verdict.byReference != expectedByReference) {
            throw new IllegalStateException(summary + "; expected run=" + EXPECTED + " failed=0 errors=0 excluded="
                    + EXPECTED_EXCLUDED + ", see " + arguments[1]);
        }
    }

    /** Counts what the reports in a folder say. */
    static TckVerdict of(Path reports) throws IOException {
        if (!Files.isDirectory(reports)) {
            throw new IllegalStateException("There are no reports of the TCK in " + reports + ": it did not run");
        }
        TckVerdict verdict = new TckVerdict();
        try (Stream<Path> files = Files.list(reports)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("TEST-") && name.endsWith(".xml")) {
                    verdict.read(file);
                }
            }
        }
        return verdict;
    }

    private void read(Path report) throws IOException {
        Element root;
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            root = factory.newDocumentBuilder().parse(report.toFile()).getDocumentElement();
        } catch (SAXException | ParserConfigurationException broken) {
            throw new IllegalStateException("The report " + report + " can't be read", broken);
        }
        NodeList cases = root.getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            count((Element) cases.item(i));
        }
        String log = report.getFileName().toString().replaceAll("^TEST-(.*)\\.xml$", "$1-output.txt");
        Path output = report.resolveSibling(log);
        if (Files.exists(output)) {
            EXCLUDED.matcher(Files.readString(output)).results().forEach(test -> exclude(test.group(1), test.group(2)));
        }
    }

    private void exclude(String type, String method) {
        if (type.endsWith(".StoreByReferenceTest") || method.endsWith("StoreByReference")) {
            byReference++;
        } else {
            excluded++;
        }
    }

    private void count(Element test) {
        String name = test.getAttribute("classname") + "#" + test.getAttribute("name");
        run++;
        if (has(test, "failure")) {
            failures.add(name + ": " + message(test, "failure"));
        } else if (has(test, "error")) {
            errors.add(name + ": " + message(test, "error"));
        } else if (has(test, "skipped")) {
            skipped++;
        }
    }

    private static boolean has(Element test, String what) {
        return test.getElementsByTagName(what).getLength() > 0;
    }

    private static String message(Element test, String what) {
        Element element = (Element) test.getElementsByTagName(what).item(0);
        return element.getAttribute("type") + " "
                + element.getAttribute("message").lines().findFirst().orElse("");
    }

    boolean isPassed() {
        return run == EXPECTED
                && failures.isEmpty()
                && errors.isEmpty()
                && skipped == 0
                && excluded == EXPECTED_EXCLUDED;
    }

    @Override
    public String toString() {
        return "run=" + run + " failed=" + failures.size() + " errors=" + errors.size() + " excluded=" + excluded
                + (skipped == 0 ? "" : " skipped=" + skipped);
    }
}
