package dev.lockstep.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.PropertiesDefaultProvider;

/** The program {@code lockstep}: a node, and the commands of operators. */
@Command(
        name = "lockstep",
        mixinStandardHelpOptions = true,
        versionProvider = CliMain.Version.class,
        description = "Runs a node, or operates a running cluster.",
        subcommands = {
            DevCommand.class,
            NodeCommand.class,
            StatusCommand.class,
            DoctorCommand.class,
            TopCommand.class,
            ProfileCommand.class,
            SupportBundleCommand.class,
            LogCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            ClusterCommand.class,
            ShardCommand.class,
            CacheCommand.class,
            EntryCommands.Get.class,
            EntryCommands.Put.class,
            EntryCommands.Remove.class,
            EntryCommands.Keys.class,
            TlsCommand.class,
            UserCommand.class,
            RoleCommand.class,
            AutoComplete.GenerateCompletion.class
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:it failed",
            "2:the command line is wrong, or what was asked for was refused and nothing was changed",
            "3:it has begun, but is not done yet; it goes on by itself"
        })
public final class CliMain {

    private CliMain() {}

    public static void main(String[] arguments) {
        ProcessLog.configure();
        System.exit(run(arguments, writer(System.out), writer(System.err), ownDefaults()));
    }

    /** The file in which a user of this machine keeps what options are by default, as {@code servers=10.0.0.1:7400}; need not exist. */
    private static Path ownDefaults() {
        String configuration = System.getenv("XDG_CONFIG_HOME");
        return (configuration == null || configuration.isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".config")
                        : Path.of(configuration))
                .resolve("lockstep/cli.properties");
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, Charset.defaultCharset()), true);
    }

    /** @return the exit code */
    public static int run(String[] arguments, PrintWriter out, PrintWriter err) {
        return new CommandLine(new CliMain()).setOut(out).setErr(err).execute(arguments);
    }

    /** @param defaults values of options that are not given */
    static int run(String[] arguments, PrintWriter out, PrintWriter err, Path defaults) {
        CommandLine commands = new CommandLine(new CliMain());
        if (Files.isReadable(defaults)) { // picocli warns of one that is not there
            commands.setDefaultValueProvider(new PropertiesDefaultProvider(defaults.toFile()));
        }
        return commands.setOut(out).setErr(err).execute(arguments);
    }

    /** The version in the manifest of the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = CliMain.class.getPackage().getImplementationVersion();
            return new String[] {"Lockstep " + (version == null ? "(not from a jar)" : version)};
        }
    }
}
