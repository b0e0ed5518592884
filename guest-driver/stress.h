/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pushbell_stress: what its files share.
 *
 * A lane is a thread with queues of its own: a DMA channel, or senders and receivers, most often one of each. It works
 * in rounds: fills its window, sleeps until the interrupt, checks what came, and rests when nothing is outstanding.
 * Receives are always posted first. Through the own port nothing is lost then, and UC and UD have to deliver all, too.
 */
#ifndef PUSHBELL_STRESS_H
#define PUSHBELL_STRESS_H
#include <linux/completion.h>
#include <linux/ktime.h>
#include "compat.h"
#include "pushbell.h"

#define STRESS_KIND_MAX 8
#define STRESS_LANES (STRESS_KINDS * STRESS_KIND_MAX)
#define STRESS_ENDS 2
#define STRESS_WINDOW_MAX 32
#define STRESS_BYTES_MIN 64
#define STRESS_BYTES_MAX 65536
#define STRESS_ERRORS 16
#define STRESS_ERROR_BYTES 160
#define STRESS_GAPS 4096
#define STRESS_POISON 0xa5

/* In the order of their lanes. */
enum stress_kind {
	STRESS_RC,
	STRESS_DMA,
	STRESS_UC,
	STRESS_UD,
	STRESS_SHARED,	/* several RC connections whose receivers take from one receive queue */
	STRESS_KINDS
};

struct stress_parameters {
	u32 pairs, channels, uc, ud, shared, window, bytes, pushes, throttle_us, gap_us, stall_ms, seed, again;
};

struct stress_gap {
	u64 at_us, us;
};

/* Gaps between completions of the whole workload, while something is outstanding (stress_gaps.c). */
struct stress_gaps {
	spinlock_t lock;
	unsigned int outstanding;
	u64 start_ns, last_ns, floor_ns, longest_ns;
	struct stress_gap *list;
	unsigned int count, dropped;
};

/* Written by the lane's thread alone, but for interrupts. */
struct stress_counts {
	u64 rung, pushed, sends, receives, copies, fills, bytes, interrupts;
	u64 writes, reads, atomics, registrations, inlines;
	/* Messages that came, by the kind of their lane; with those above. */
	u64 uc_sends, uc_writes, datagrams, shared;
};

/* Memory of one work request: source, target of receives, and what the peer reads and writes; poison round each. */
struct stress_slot {
	struct pushbell_memory source, target, remote;
};

/* What a work request is: it follows from seed, lane and sequence number alone. */
struct stress_shape {
	u8 opcode;
	bool push;
	bool inlined;
	bool receives;		/* takes a receive at the other end */
	u32 length;
	u32 pieces;
	u64 pattern;
};

/*
 * A sender and its receiver. Work requests of a lane go to its ends in turn, and complete in order for each of them:
 * number n of an end is number n * (count of ends) + (number of the end) of the lane.
 */
struct stress_end {
	struct pushbell_qp *sender;	/* or the channel */
	struct pushbell_qp *receiver;
	u64 completed;			/* of the send queue */
	u64 receivable, received;	/* sent and takes a receive; has come */
	u64 sent[STRESS_WINDOW_MAX];	/* numbers of those in the lane */
};

struct stress_lane {
	struct stress *stress;
	unsigned int number;
	enum stress_kind kind;
	struct task_struct *thread;
	struct pushbell_page *page;	/* NULL: page 0 */
	struct pushbell_cq *cq;
	struct pushbell_srq *srq;	/* STRESS_SHARED */
	struct pushbell_ah ah;		/* STRESS_UD: to the own port */
	struct stress_end ends[STRESS_ENDS];
	struct stress_slot slots[STRESS_WINDOW_MAX];
	u8 *expected;			/* as large as the largest message */
	struct completion event;
	u64 posted, completed;		/* of the send queues, since the queues were made */
	u64 receives_posted, received;	/* of the receive queue */
	u64 receivable;			/* posted, and takes a receive */
	DECLARE_BITMAP(filled, STRESS_WINDOW_MAX);	/* receives that have ended, by their slot */
	struct pushbell_mr all;		/* all of memory, for the peer too */
	struct pushbell_mr fast;	/* for FAST_REG */
	struct pushbell_memory word;	/* of atomics */
	u64 word_posted, word_seen;	/* what it is after all that was posted, after all that has ended */
	u64 compare[STRESS_WINDOW_MAX];
	bool broken;			/* what comes next cannot be told any more */
	struct stress_counts counts;
};

enum stress_state { STRESS_IDLE, STRESS_RUNNING, STRESS_STOPPING, STRESS_STOPPED, STRESS_INTERRUPTED };

struct stress {
	struct pushbell_device *pb;
	struct dentry *file;
	struct notifier_block resets_block;
	struct mutex lock;		/* state, lanes */
	enum stress_state state;
	bool stopping;			/* no new rounds */
	bool aborted;			/* no use to wait */
	struct stress_parameters parameters;
	struct stress_lane *lanes;
	unsigned int lane_count;
	unsigned int resets;
	u64 abandoned;			/* posted, and then there was a reset */
	u64 start_ns, end_ns;
	struct stress_gaps gaps;

	spinlock_t error_lock;
	unsigned int errors;
	char error_text[STRESS_ERRORS][STRESS_ERROR_BYTES];
};

/* stress_gaps.c; in any context */
__printf(2, 3) void stress_error(struct stress *s, const char *format, ...);
void stress_gaps_start(struct stress_gaps *gaps, u32 floor_us);
void stress_gaps_clear(struct stress_gaps *gaps);
void stress_posted(struct stress_gaps *gaps, unsigned int count);
void stress_seen(struct stress_gaps *gaps, u64 now_ns);
void stress_taken(struct stress_gaps *gaps, unsigned int count);
void stress_forgotten(struct stress_gaps *gaps, unsigned int count);

/* stress_open.c */
int stress_lane_open(struct stress_lane *lane);
void stress_lane_close(struct stress_lane *lane);
unsigned int stress_ends_of(const struct stress_lane *lane);

/* stress_lane.c */
int stress_lane_thread(void *data);
void stress_lane_event(struct pushbell_cq *cq, void *context);
unsigned int stress_lane_outstanding(const struct stress_lane *lane);

/* stress_shape.c */
struct stress_shape stress_shape_of(const struct stress_lane *lane, u64 sequence);
void stress_compose(const struct stress_lane *lane, u64 sequence, const struct stress_shape *shape, u8 *bytes);

/* stress_remote.c: operations on the peer's memory, and on keys */
bool stress_is_atomic(u8 opcode);
void stress_describe_remote(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape,
			    struct pushbell_wr *wr, struct pushbell_registration *reg);
void stress_check_remote(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape);

/* stress_work.c */
u32 stress_start_of(u64 sequence);
u32 stress_immediate_of(u64 sequence);
u64 stress_id_of(const struct stress_lane *lane, u64 sequence, bool receive);
struct stress_slot *stress_slot_of(struct stress_lane *lane, u64 sequence);
void stress_check_bytes(struct stress_lane *lane, struct pushbell_memory *memory, u32 start, u64 sequence,
			const struct stress_shape *shape);
int stress_post(struct stress_lane *lane);
int stress_post_receive(struct stress_lane *lane);
void stress_poison(struct stress_lane *lane, struct pushbell_memory *memory);
size_t stress_slot_bytes(const struct stress *s);

/* stress_check.c: a completion, and what it says has come */
void stress_check(struct stress_lane *lane, const struct pushbell_wc *wc);

/* stress_run.c; with the lock held */
int stress_start(struct stress *s, bool again);
void stress_stop(struct stress *s, enum stress_state state);

#endif /* PUSHBELL_STRESS_H */
