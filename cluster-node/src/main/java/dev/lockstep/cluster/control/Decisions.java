package dev.lockstep.cluster.control;

import dev.lockstep.cluster.consensus.LogMachine;
import dev.lockstep.protocol.wire.MalformedFrameException;
import dev.lockstep.protocol.wire.Reply;
import dev.lockstep.protocol.wire.Request;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Applies the control group's log to its machine. */
final class Decisions implements LogMachine<ControlCommand, Reply> {

    private final ClusterMachine machine;
    private final Runnable applied;

    /** @param applied called after each entry, and once a checkpoint has been restored */
    Decisions(ClusterMachine machine, Runnable applied) {
        this.machine = machine;
        this.applied = applied;
    }

    @Override
    public byte[] encode(ControlCommand command) {
        return command.encode();
    }

    @Override
    public ControlCommand decode(byte[] bytes) {
        return ControlCommand.decode(bytes);
    }

    @Override
    public Reply apply(long position, ControlCommand command) {
        machine.at(position);
        Reply decision = decide(command);
        applied.run();
        return decision;
    }

    private Reply decide(ControlCommand command) {
        if (command instanceof ControlCommand.Create create) {
            return machine.create(create);
        } else if (command instanceof ControlCommand.Lay lay) {
            return machine.lay(lay.next());
        }
        Request request = ((ControlCommand.Plain) command).request();
        if (request instanceof Request.AlterCache alter) {
            return machine.alter(alter);
        } else if (request instanceof Request.DestroyCache destroy) {
            return machine.destroy(destroy.cacheId());
        } else if (request instanceof Request.DrainNode drain) {
            return machine.drain(drain);
        } else if (request instanceof Request.ChangeAccess change) {
            return machine.change(change);
        }
        throw new MalformedFrameException("The control log holds no " + request);
    }

    @Override
    public Image image() {
        byte[] all = machine.record();
        return new Image() {
            @Override
            public void forEach(Consumer<byte[]> record) {
                record.accept(all);
            }

            @Override
            public void close() {
                // It has a copy.
            }
        };
    }

    @Override
    public Restoration restoration() {
        return new Restoration() {
            private byte @Nullable [] all;

            @Override
            public void record(byte[] record) {
                all = record;
            }

            @Override
            public void done(long position) {
                machine.restore(Objects.requireNonNull(all, "The checkpoint has no record"), position);
                applied.run();
            }
        };
    }

    @Override
    public void leadershipChanged() {
        // Every request asks for the leadership again.
    }
}
