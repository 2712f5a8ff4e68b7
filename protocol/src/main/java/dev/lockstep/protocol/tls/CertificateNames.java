package dev.lockstep.protocol.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** The names that a certificate is for: the host names and addresses among its subject alternative names (RFC 5280, RFC 9525). Stateless. */
public final class CertificateNames {

    private static final int DNS = 2;
    private static final int ADDRESS = 7;
    private static final String WILDCARD = "*.";

    private CertificateNames() {}

    /** Returns the host names and addresses that a certificate names; the subject's common name does not count. */
    public static List<String> of(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    int kind = (Integer) alternative.get(0);
                    if (kind == DNS || kind == ADDRESS) {
                        names.add((String) alternative.get(1));
                    }
                }
            }
        } catch (CertificateParsingException damaged) {
            return List.of();
        }
        return names;
    }

    /** Returns the user whom a certificate is for: the common name of its subject; the whole subject if it has none. */
    public static String user(X509Certificate certificate) {
        String subject = certificate.getSubjectX500Principal().getName();
        try {
            for (Rdn part : new LdapName(subject).getRdns()) {
                if (part.getType().equalsIgnoreCase("CN")) {
                    return String.valueOf(part.getValue());
                }
            }
        } catch (InvalidNameException unreadable) {
            return subject;
        }
        return subject;
    }

    /** Tells whether one of a certificate's names is one of those that are accepted; either may have {@code *} for a first label. */
    public static boolean match(Collection<String> names, Collection<String> accepted) {
        return names.stream().anyMatch(name -> accepted.stream().anyMatch(one -> matches(name, one)));
    }

    private static boolean matches(String name, String accepted) {
        String one = plain(name);
        String other = plain(accepted);
        return one.equals(other) || covers(one, other) || covers(other, one);
    }

    private static boolean covers(String pattern, String host) {
        int dot = host.indexOf('.');
        return pattern.startsWith(WILDCARD)
                && dot > 0
                && host.substring(dot + 1).equals(pattern.substring(WILDCARD.length()));
    }

    private static String plain(String host) {
        return host.replace("[", "").replace("]", "").toLowerCase(Locale.ROOT);
    }
}
