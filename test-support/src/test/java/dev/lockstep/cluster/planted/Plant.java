package dev.lockstep.cluster.planted;

import dev.lockstep.cluster.testing.Folders;
import dev.lockstep.cluster.testing.NodeProcesses;
import java.io.File;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy of the code in which one thing is wrong: compiled, and loaded beside the right one. */
final class Plant implements AutoCloseable {

    private final Path classes;
    private final URLClassLoader loader;

    /**
     * @param root of the project, where the sources are
     * @throws IllegalArgumentException when the source is no longer what the defect says
     */
    Plant(Path root, Defect defect) throws IOException {
        this.classes = Files.createTempDirectory("lockstep-planted");
        compile(defect, planted(Files.readString(root.resolve(defect.file())), defect));
        this.loader = new OwnFirst(classPath(classes));
    }

    /** Returns the source with the defect in it. */
    static String planted(String source, Defect defect) {
        String blanks =
                Stream.of(defect.right().split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+"));
        Matcher places = Pattern.compile(blanks).matcher(source);
        if (places.results().count() != 1) {
            throw new IllegalArgumentException(
                    "\"" + defect.right() + "\" does not stand once in " + defect.file() + " any more: plant it anew");
        }
        return places.replaceAll(Matcher.quoteReplacement(defect.wrong()));
    }

    private void compile(Defect defect, String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var told = new DiagnosticCollector<JavaFileObject>();
        List<String> options = List.of(
                "-d",
                classes.toString(),
                "--release",
                "17",
                "-proc:none",
                "-nowarn",
                "-classpath",
                NodeProcesses.currentClassPath());
        JavaFileObject file = new Source(defect.file(), source);
        if (!compiler.getTask(null, null, told, options, null, List.of(file)).call()) {
            String why = told.getDiagnostics().stream()
                    .filter(one -> one.getKind() == Diagnostic.Kind.ERROR)
                    .map(one -> one.getMessage(Locale.ROOT))
                    .collect(Collectors.joining("; "));
            throw new IllegalArgumentException("\"" + defect.name() + "\" does not compile: " + why);
        }
    }

    private static final class Source extends SimpleJavaFileObject {

        private final String text;

        Source(String file, String text) {
            super(URI.create("string:///" + file), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static URL[] classPath(Path first) throws MalformedURLException {
        List<URL> path = new ArrayList<>();
        path.add(first.toUri().toURL());
        for (String entry : NodeProcesses.currentClassPath().split(File.pathSeparator)) {
            path.add(Path.of(entry).toUri().toURL());
        }
        return path.toArray(URL[]::new);
    }

    /** Loads all of ours itself, so that nothing right is found where the wrong should be. */
    private static final class OwnFirst extends URLClassLoader {

        OwnFirst(URL[] path) {
            super(path, Plant.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.lockstep.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }

    /** Calls a static method of the copy that takes a number and answers a text, or null. */
    @Nullable
    String call(String type, String method, int number) throws ReflectiveOperationException {
        try {
            return (String) loader.loadClass(type).getMethod(method, int.class).invoke(null, number);
        } catch (InvocationTargetException thrown) {
            throw new IllegalStateException(type + "." + method + " failed", thrown.getCause());
        }
    }

    /** Runs the tests of a class, of JUnit only those, their folders, and what is done before and after each; answers the first that fails, or null. */
    @Nullable
    String firstRed(String suite) throws ReflectiveOperationException, IOException {
        Class<?> type = loader.loadClass(suite);
        Constructor<?> made = type.getDeclaredConstructor();
        made.setAccessible(true);
        for (Method test : type.getDeclaredMethods()) {
            if (test.isAnnotationPresent(Test.class)) {
                test.setAccessible(true);
                try {
                    run(test, type, made.newInstance());
                } catch (InvocationTargetException red) {
                    return test.getName();
                }
            }
        }
        return null;
    }

    private static void run(Method test, Class<?> type, Object instance)
            throws ReflectiveOperationException, IOException {
        List<Path> folders = makeFolders(type, instance);
        try {
            runAll(BeforeEach.class, type, instance);
            test.invoke(instance);
        } finally {
            runAll(AfterEach.class, type, instance);
            for (Path folder : folders) {
                Folders.delete(folder);
            }
        }
    }

    private static List<Path> makeFolders(Class<?> type, Object instance)
            throws ReflectiveOperationException, IOException {
        List<Path> folders = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            if (field.isAnnotationPresent(TempDir.class)) {
                folders.add(Files.createTempDirectory("planted"));
                field.setAccessible(true);
                field.set(instance, folders.get(folders.size() - 1));
            }
        }
        return folders;
    }

    private static void runAll(Class<? extends Annotation> around, Class<?> type, Object instance)
            throws ReflectiveOperationException {
        for (Method method : type.getDeclaredMethods()) {
            if (method.isAnnotationPresent(around)) {
                method.setAccessible(true);
                method.invoke(instance);
            }
        }
    }

    @Override
    public void close() throws IOException {
        loader.close();
        Folders.delete(classes);
    }
}
