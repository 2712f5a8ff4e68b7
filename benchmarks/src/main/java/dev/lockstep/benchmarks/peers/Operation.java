package dev.lockstep.benchmarks.peers;

/** An operation, or a mix of them as one of YCSB's core workloads defines it. */
enum Operation {
    PUT("put"),
    GET("get"),
    INVOKE("invoke"),
    PUT_ALL("putall"),
    GET_ALL("getall"),
    /** Half reads, half updates. */
    YCSB_A("ycsb-a"),
    /** 95 % reads, 5 % updates. */
    YCSB_B("ycsb-b"),
    /** Reads only. */
    YCSB_C("ycsb-c"),
    /** 95 % reads, mostly of what was inserted last, 5 % inserts. */
    YCSB_D("ycsb-d"),
    /** Half reads, half reads followed by an update. */
    YCSB_F("ycsb-f");

    private final String text;

    Operation(String text) {
        this.text = text;
    }

    @Override
    public String toString() {
        return text;
    }
}
