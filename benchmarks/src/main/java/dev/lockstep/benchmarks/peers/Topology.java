package dev.lockstep.benchmarks.peers;

import java.util.Arrays;
import java.util.List;

/** The shape of what is compared. */
enum Topology {
    CLIENT_SERVER(
            "client-server", "three servers and a client", List.of(Role.SERVER, Role.SERVER, Role.SERVER, Role.CLIENT)),
    EMBEDDED("embedded", "three members, callers in one of them", List.of(Role.EMBEDDED, Role.EMBEDDED, Role.EMBEDDED)),
    LOCAL("local", "one JVM", List.of(Role.LOCAL));

    private final String text;
    private final String description;
    private final List<Role> roles;

    Topology(String text, String description, List<Role> roles) {
        this.text = text;
        this.description = description;
        this.roles = roles;
    }

    static Topology parse(String text) {
        return Arrays.stream(values())
                .filter(each -> each.text.equals(text))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException(text));
    }

    String description() {
        return description;
    }

    /** The role of each JVM. */
    List<Role> roles() {
        return roles;
    }

    /** The index of the JVM that has the callers. */
    int driver() {
        return this == CLIENT_SERVER ? Place.MEMBERS : 0;
    }

    @Override
    public String toString() {
        return text;
    }
}
