package dev.lockstep.jcache.marshalling;

import dev.lockstep.protocol.wire.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Another JVM that reads what a first one has written, one file a value, and prints what has not come back. */
final class ReadingMain {

    private ReadingMain() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        StandardMarshaller marshaller = new StandardMarshaller(
                "values",
                ReadingMain.class.getClassLoader(),
                Marshallers.ALLOWED,
                List.of(arguments).subList(1, arguments.length));
        Map<String, Object> values = new LinkedHashMap<>(SerializableValues.ofTheJdk());
        values.putAll(SerializableValues.ofGuava());
        values.forEach((name, value) -> {
            try {
                Object back = marshaller.read(Bytes.of(Files.readAllBytes(folder.resolve(name))));
                System.out.println(
                        SerializableValues.same(value, back) ? "read " + name : "other " + name + ": " + back);
            } catch (Exception failure) {
                System.out.println("failed " + name + ": " + failure.getMessage());
            }
        });
    }
}
