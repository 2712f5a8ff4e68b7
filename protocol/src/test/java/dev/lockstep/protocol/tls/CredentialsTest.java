package dev.lockstep.protocol.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.protocol.netty.Certificates;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.settings.Secret;
import dev.lockstep.protocol.settings.TlsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.X509KeyManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialsTest {

    @TempDir
    static Path folder;

    private static Certificates authority;
    private static TlsSettings n1;
    private static TlsSettings n2;

    @BeforeAll
    static void certify() throws Exception {
        authority = new Certificates(folder);
        n1 = authority.issue("n1");
        n2 = authority.issue("n2");
    }

    private static TlsSettings with(Path certificate, Path key, Path authorities) {
        return new TlsSettings(
                certificate, Optional.of(key), authorities, Optional.empty(), false, List.of(), true, false);
    }

    private static void assertRefused(TlsSettings settings, String... words) {
        assertThatThrownBy(() -> Credentials.read(settings))
                .isInstanceOf(IOException.class)
                .satisfies(refused -> assertThat(refused.getMessage()).contains(words));
    }

    @Test
    void aCertificateIsDescribed() throws Exception {
        assertThat(Credentials.read(n1).description())
                .startsWith("certificate of CN=n1 (for [127.0.0.1], signed by CN=authority, valid from 2");
    }

    @Test
    void aMissingFileIsNamed() {
        Path none = folder.resolve("none");
        assertRefused(
                with(none, n1.key().orElseThrow(), n1.authorities()), none + " can't be read: there is no such file");
        assertRefused(with(n1.certificate(), none, n1.authorities()), none + " can't be read: there is no such file");
        assertRefused(
                with(n1.certificate(), n1.key().orElseThrow(), none), none + " can't be read: there is no such file");
    }

    @Test
    void aClientThatLogsInMayHaveNoCertificate() throws Exception {
        Path none = folder.resolve("none");
        TlsSettings missing = with(none, n1.key().orElseThrow(), n1.authorities());
        Credentials credentials = Credentials.read(missing.forLogIn());
        assertThat(((X509KeyManager) credentials.keys()).getClientAliases("EC", null))
                .isNull();
        assertThat(Credentials.read(n1.forLogIn()).description()).contains("CN=n1");
        assertRefused(with(n1.certificate(), none, n1.authorities()).forLogIn(), none + " can't be read");
        assertRefused(with(none, none, none).forLogIn(), none + " can't be read");
    }

    @Test
    void aKeyThatDoesNotFitIsRefusedNamingBoth() {
        assertRefused(
                with(n1.certificate(), n2.key().orElseThrow(), n1.authorities()),
                "The key in " + n2.key().orElseThrow() + " is not the one of the certificate of CN=n1",
                " in " + n1.certificate());
    }

    @Test
    void aFileWithoutACertificateIsRefused() {
        assertRefused(with(n1.key().orElseThrow(), n1.key().orElseThrow(), n1.authorities()), "no certificate");
    }

    @Test
    void pkcs12HasTheKeyInIt() throws Exception {
        TlsSettings packed = new TlsSettings(
                n1.certificate().resolveSibling("tls.p12"),
                Optional.empty(),
                n1.authorities(),
                Optional.of(new Secret(Certificates.PASSWORD, folder)),
                false,
                List.of(),
                true,
                false);
        assertThat(Credentials.read(packed).description()).startsWith("certificate of CN=n1");
        assertRefused(
                new TlsSettings(
                        packed.certificate(),
                        Optional.empty(),
                        packed.authorities(),
                        Optional.empty(),
                        false,
                        List.of(),
                        true,
                        false),
                "is no PKCS#12 file, or the password is not its own");
    }

    @Test
    void aSecretIsReadFromWhereItIsAndNotPrinted() throws Exception {
        Files.writeString(folder.resolve("password"), "changeit\n");
        Secret file = new Secret("file:password", folder);
        assertThat(file.read()).isEqualTo("changeit".toCharArray());
        assertThat(file.toString()).isEqualTo("file:password");
        assertThat(new Secret("changeit", folder).toString()).isEqualTo("***");
        assertThat(new Secret("${PATH}", folder).read())
                .isEqualTo(System.getenv("PATH").toCharArray());
        assertThatThrownBy(() -> new Secret("${NOT_SET_ANYWHERE}", folder).read())
                .hasMessage("The environment variable NOT_SET_ANYWHERE is not set");
        assertThatThrownBy(() -> new Secret("file:none", folder).read())
                .hasMessageContaining(folder.resolve("none").toString());
    }

    @Test
    void filesThatDoNotFitInTheMiddleOfAChangeLeaveTheLastOnes() throws Exception {
        AtomicLong nanos = new AtomicLong();
        Time time = new Time() {
            @Override
            public long nanos() {
                return nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
            }

            @Override
            public long millis() {
                return 0;
            }
        };
        TlsSettings changed = authority.issue("changed", "before", List.of("127.0.0.1"));
        CredentialFiles files = new CredentialFiles(changed, time);
        Credentials before = files.get();
        assertThat(files.get()).isSameAs(before);

        TlsSettings next = authority.issue("next", "after", List.of("127.0.0.1"));
        Files.copy(next.key().orElseThrow(), changed.key().orElseThrow(), StandardCopyOption.REPLACE_EXISTING);
        assertThat(files.get()).isSameAs(before);
        Files.copy(next.certificate(), changed.certificate(), StandardCopyOption.REPLACE_EXISTING);
        assertThat(files.get().description()).startsWith("certificate of CN=after");
    }
}
