package dev.lockstep.cluster.audit;

import dev.lockstep.cluster.json.Json;
import dev.lockstep.protocol.access.Right;
import dev.lockstep.protocol.link.Identity;
import dev.lockstep.protocol.runtime.RepeatedLog;
import dev.lockstep.protocol.runtime.Time;
import dev.lockstep.protocol.topology.NodeId;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import dev.lockstep.protocol.wire.Status;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down who has changed what, and who was refused what: a line of JSON for each event, to the logger {@value #NAME}. A refusal that
 * is repeated is written once a minute, with how often, so that nobody can fill a disk by asking. Thread-safe.
 */
public final class AuditLog {

    /** The name of the logger. */
    public static final String NAME = "dev.lockstep.audit";

    private static final Logger LOG = LoggerFactory.getLogger(NAME);
    private static final String UNKNOWN = "(not known)";
    private static final int MAX_REQUEST = 500;
    /** Requests that need one of these are written down when they are granted, too. */
    private static final Set<Right> AUDITED = EnumSet.of(Right.CREATE, Right.DESTROY, Right.OPERATE, Right.ADMINISTER);

    private final NodeId node;
    private final Time time;
    private final Consumer<String> lines;
    private final RepeatedLog refusals;

    /** @param node that writes it */
    public AuditLog(NodeId node, Time time) {
        this(node, time, LOG::info);
    }

    /** @param lines takes each event */
    public AuditLog(NodeId node, Time time, Consumer<String> lines) {
        this.node = node;
        this.time = time;
        this.lines = lines;
        this.refusals = new RepeatedLog(time);
    }

    /** Tells whether a request is written down when it is granted. A backup, or a recording, is asked for in many pieces, and is one event. */
    public static boolean isAudited(Request request) {
        return !Collections.disjoint(request.rights(), AUDITED)
                && !(request instanceof Request.FetchCheckpoint fetch && fetch.since() != 0)
                && !(request instanceof Request.ReadRecording read && read.offset() != 0);
    }

    /** A user has connected. */
    public void connected(Identity.OfUser user) {
        write("connect", user.name(), user.from(), "", "granted", 0);
    }

    /**
     * Someone was not let in.
     *
     * @param user the name that was given; it may be anyone's
     */
    public void turnedAway(String user, String from, String why) {
        refused("connect", user, from, why, why);
    }

    /** The other end of a connection may not ask for that. */
    public void forbidden(Identity by, Request request) {
        String what = request.getClass().getSimpleName() + request.cacheIds();
        refused("request", user(by), from(by), what, request);
    }

    /**
     * A page of the admin port takes the right to monitor, which this user does not have.
     *
     * @param user null if he has shown no certificate
     */
    public void forbidden(@Nullable String user, String from, String page) {
        refused("request", user == null ? UNKNOWN : user, from, page, "GET " + page);
    }

    /** @param same that is the same when the refusal is repeated, besides the user and the address */
    private void refused(String event, String user, String from, String same, Object what) {
        String address = from.replaceFirst(":\\d+$", "");
        refusals.admit(event + " " + user + " " + address + " " + same)
                .ifPresent(repeated -> write(event, user, from, text(what), "refused", repeated));
    }

    /** Records that a request was granted, and its outcome; nothing for one that has to be sent to another node. */
    public void granted(Identity by, Request request, Reply outcome) {
        if (outcome instanceof Reply.Refused refused && refused.status().kind() == Status.Kind.TRANSIENT) {
            return;
        }
        write(
                "request",
                user(by),
                from(by),
                text(request),
                outcome instanceof Reply.Refused refused ? "granted, but not done: " + refused.status() : "granted",
                0);
    }

    private static String text(Object what) {
        String text = what.toString();
        return text.length() <= MAX_REQUEST ? text : text.substring(0, MAX_REQUEST) + "…";
    }

    private static String user(Identity by) {
        if (by instanceof Identity.OfUser user) {
            return user.name();
        }
        return by instanceof Identity.InThisJvm ? "(the application of the node)" : UNKNOWN;
    }

    private static String from(Identity by) {
        if (by instanceof Identity.OfUser user) {
            return user.from();
        }
        return by instanceof Identity.Unproven unproven ? unproven.from() : "";
    }

    private void write(String event, String user, String from, String what, String outcome, int repeated) {
        String at = Instant.ofEpochMilli(time.millis()).toString();
        lines.accept(Json.object(
                "time",
                at,
                "node",
                node.name(),
                "event",
                event,
                "user",
                user,
                "from",
                from,
                "what",
                what,
                "outcome",
                outcome,
                "repeated",
                repeated));
    }
}
