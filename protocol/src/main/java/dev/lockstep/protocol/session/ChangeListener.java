package dev.lockstep.protocol.session;

import dev.lockstep.protocol.wire.EntryChange;
import java.util.List;

/** Takes the changes of a cache. Called from many threads, for one shard by one at a time; must not block. */
public interface ChangeListener {

    /**
     * Called with the changes of a shard, in order and without gaps since the last call for it; nothing, when the
     * shard's stream has just been opened (again).
     *
     * @param position everything up to here has now been told
     */
    void changes(int shard, long position, List<EntryChange> changes);

    /**
     * Changes of a shard were missed: more went by than its replicas keep. Told when the stream is open again, so that
     * everything after the call is delivered; {@link #changes} says next from which position on.
     */
    void gap(int shard);
}
