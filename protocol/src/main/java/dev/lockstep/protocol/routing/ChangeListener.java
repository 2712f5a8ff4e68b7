package dev.lockstep.protocol.routing;

import dev.lockstep.protocol.wire.EntryChange;
import java.util.List;

/** Takes the changes of a cache. Called from many threads, for one shard by one at a time; must not block. */
public interface ChangeListener {

    /**
     * What has changed in a shard, in order and without gaps since the last call for it.
     *
     * @param position everything up to here has now been told
     */
    void changes(int shard, long position, List<EntryChange> changes);

    /** Changes of a shard were missed: more went by than its replicas keep. */
    void gap(int shard);
}
