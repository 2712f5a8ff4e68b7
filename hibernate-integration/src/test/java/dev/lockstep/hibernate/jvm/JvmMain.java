package dev.lockstep.hibernate.jvm;

import dev.lockstep.hibernate.model.Attachment;
import dev.lockstep.hibernate.model.Country;
import dev.lockstep.hibernate.model.Memo;
import dev.lockstep.hibernate.model.Note;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;

/**
 * A JVM with a session factory, made of the properties that are its arguments ({@code name=value}). It reads lines of a number and a
 * command, each run on a thread of its own, and answers with lines of the number and what came of it. It ends with its input.
 */
public final class JvmMain {

    /** Not for Hibernate: its own region factory knows only URIs that are URLs. */
    private static final String DEFAULT_URI = "lockstep.uri";

    private JvmMain() {}

    public static void main(String[] properties) throws IOException {
        PrintStream out = System.out;
        Map<String, String> named = new TreeMap<>();
        Arrays.stream(properties).forEach(property -> {
            int end = property.indexOf('=');
            named.put(property.substring(0, end), property.substring(end + 1));
        });
        if (named.containsKey(DEFAULT_URI)) {
            System.setProperty(DEFAULT_URI, named.remove(DEFAULT_URI));
        }
        try (SessionFactory factory = factory(named)) {
            out.println("ready");
            Commands commands = new Commands(factory);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ");
                new Thread(() -> out.println(answer(commands, words)), "command " + line).start();
            }
        }
        System.exit(0);
    }

    static SessionFactory factory(Map<String, String> properties) {
        Configuration configuration = new Configuration()
                .addAnnotatedClass(Note.class)
                .addAnnotatedClass(Memo.class)
                .addAnnotatedClass(Country.class)
                .addAnnotatedClass(Attachment.class);
        properties.forEach(configuration::setProperty);
        return configuration.buildSessionFactory();
    }

    private static String answer(Commands commands, String... words) {
        String[] command = Arrays.copyOfRange(words, 1, words.length);
        try {
            return words[0] + " ok " + commands.run(command);
        } catch (Exception | Error failure) {
            StringBuilder all = new StringBuilder();
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                all.append(cause).append("; ");
            }
            return words[0] + " failed " + all.toString().replace('\n', ' ');
        }
    }
}
