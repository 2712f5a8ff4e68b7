package dev.lockstep.protocol.netty;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;

/** What listeners and links have in common. */
final class Transport {

    /** What a peer may leave unread before a listener stops feeding its subscriptions. */
    static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

    /** What a link may have waiting to be written before the next request is refused as busy. */
    static final WriteBufferWaterMark LINK_WATER_MARK = new WriteBufferWaterMark(16 * 1024 * 1024, 64 * 1024 * 1024);

    private Transport() {}

    /** Event loops on daemon threads. */
    static EventLoopGroup loops(String name, int threads) {
        return new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
    }
}
