package dev.lockstep.protocol.netty;

import dev.lockstep.protocol.runtime.Threads;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;

/** The event loop group and channel options shared by listeners and links. */
final class Transport {

    private Transport() {}

    /** Event loops on daemon threads. */
    static EventLoopGroup loops(String name, int threads) {
        return new MultiThreadIoEventLoopGroup(threads, new Apart(name), NioIoHandler.newFactory());
    }

    /** A loop starts its thread when it is first used, by an application's thread: it keeps nothing of that one. */
    private static final class Apart extends DefaultThreadFactory {

        private final String name;

        Apart(String name) {
            super(name, true);
            this.name = name;
        }

        @Override
        protected Thread newThread(Runnable work, String threadName) {
            return Threads.apart(name, () -> super.newThread(work, threadName));
        }
    }
}
