/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core of the Pushbell driver offers to its children on the auxiliary bus.
 *
 * Objects live on the adapter until they are destroyed or the adapter is reset. A reset raises the driver's epoch, and
 * an object of an older epoch is only memory: posting to it fails with -ENODEV, destroying it frees the memory. Who
 * holds objects registers for PUSHBELL_RESET_PREPARE and has stopped posting when its notifier returns. DONE may come
 * much later and from another task: an adapter that is gone (life.c) is between the two until it is back.
 */
#ifndef PUSHBELL_H
#define PUSHBELL_H
#include <linux/auxiliary_bus.h>
#include <linux/kfifo.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "pushbell_abi.h"

#define PUSHBELL_EQS_MAX 8
#define PUSHBELL_CHILDREN 6
#define PUSHBELL_REPORTS 16
#define PUSHBELL_FAULT_TEXT 96
#define PUSHBELL_QKEY 0x11111111

enum pushbell_reset_phase {
	PUSHBELL_RESET_PREPARE,	/* every object is about to go; stop posting */
	PUSHBELL_RESET_DONE,	/* the adapter is usable again and empty */
};

struct pushbell_device;
struct pushbell_wr;

/* Anything that a command has made. */
struct pushbell_object {
	struct pushbell_device *pb;
	u32 handle;
	u32 epoch;
};

/* Memory that driver and adapter share. */
struct pushbell_memory {
	void *cpu;
	dma_addr_t bus;
	size_t bytes;
};

struct pushbell_push_buffer {
	spinlock_t lock;	/* from the first store of a push to its trailer */
	u8 number;
	u8 generation;		/* trailers written so far, modulo 256 */
	void __iomem *base;
};

/* A doorbell page. Page 0 is the core's own and exists as long as the adapter. */
struct pushbell_page {
	struct pushbell_object object;
	void __iomem *base;	/* write-combining, see push.c */
	struct pushbell_push_buffer buffers[PB_PUSH_BUFFERS];
};

struct pushbell_pd {
	struct pushbell_object object;
};

struct pushbell_mr {
	struct pushbell_object object;	/* handle: lkey and rkey */
	struct pushbell_memory list;	/* bus addresses of the pages; none for whole memory */
};

/* The way to another end: an address vector, in the processor's byte order. */
struct pushbell_address {
	u8 gid[16];		/* most significant byte first */
	u8 mac[6];		/* of the next hop */
	u8 sgid_index;
	u8 hop_limit;		/* 0: the adapter's default */
	u8 traffic_class;
	u32 flow_label;
	u16 udp_sport;		/* 0: chosen by the adapter */
};

struct pushbell_ah {
	struct pushbell_object object;
};

/* An event queue with its interrupt. The core makes them; queue 0 also takes what is not a completion. */
struct pushbell_eq {
	struct pushbell_object object;
	struct pushbell_memory ring;
	u16 consumer;
	u8 log_depth;
	u8 vector;
	int irq;
	u64 interrupts;		/* times that the handler ran */
	u64 events;		/* entries that it took */
	char name[32];
};

struct pushbell_cq {
	struct pushbell_object object;
	struct pushbell_memory ring;
	struct pushbell_page *page;
	struct pushbell_eq *eq;
	spinlock_t lock;	/* consumer, and what is below it */
	u16 consumer;
	bool arm, arm_solicited;	/* asked for while the adapter slept */
	u8 log_depth;
	/* Runs in the interrupt handler, once for each time that the queue was armed. May be NULL. */
	void (*event)(struct pushbell_cq *cq, void *context);
	/* The same, when the queue overflowed or cannot be written: nothing more comes through it. May be NULL. */
	void (*failed)(struct pushbell_cq *cq, void *context);
	void *context;
};

struct pushbell_work_queue {
	spinlock_t lock;	/* producer, and the order in which descriptors are rung */
	struct pushbell_memory ring;
	u16 producer;		/* index of the next descriptor */
	u16 consumer;		/* one past the last descriptor known to have ended */
	u8 log_depth;
	u8 log_stride;
};

/* A shared receive queue. */
struct pushbell_srq {
	struct pushbell_object object;
	struct pushbell_page *page;
	struct pushbell_work_queue queue;	/* consumer: one past the last receive known to have been taken */
	struct rcu_head rcu;
	/* Runs in the interrupt handler: PB_EVENT_TYPE_SRQ_LIMIT or SRQ_ERROR. May be NULL. */
	void (*event)(struct pushbell_srq *srq, u32 type, void *context);
	void *context;
};

struct pushbell_qp {
	struct pushbell_object object;
	struct pushbell_page *page;
	struct pushbell_srq *srq;		/* in place of recv */
	struct pushbell_work_queue send;
	struct pushbell_work_queue recv;
	u8 type;
	struct rcu_head rcu;
	/* Runs in the interrupt handler when the queue has gone to the error state by itself. May be NULL. */
	void (*fatal)(struct pushbell_qp *qp, u32 status, void *context);
	/* The same for every other event of the queue pair, PB_EVENT_TYPE_*. May be NULL. */
	void (*event)(struct pushbell_qp *qp, u32 type, u32 detail, void *context);
	void *context;
};

/* An access of the adapter to memory that failed. */
struct pushbell_fault {
	u64 address;
	u32 info;	/* PB_REG_FAULT_INFO_* */
	u32 index;	/* of the descriptor that was under way */
	u32 count;	/* faults so far */
};

/* An event that is no completion, on its way to the log. */
struct pushbell_report {
	u32 type;
	u32 number;
	u32 detail;
};

struct pushbell_device {
	struct pci_dev *pdev;
	void __iomem *registers;
	struct pb_cmd_device_out limits;

	struct mutex reset_lock;	/* from the start of a reset or removal to its end */
	struct mutex command_lock;	/* mailbox, toggle, up, epoch, and the tables below */
	struct pushbell_memory mailbox;
	bool toggle;
	bool up;			/* commands are accepted */
	bool running;			/* event queues exist and their interrupts are enabled */
	bool asleep;			/* in D3hot, or on the way there; written under both locks */
	u32 epoch;
	struct xarray cqs;		/* number -> struct pushbell_cq, read by the interrupt handler */
	struct xarray qps;		/* number -> struct pushbell_qp, read under RCU */
	struct xarray srqs;		/* number -> struct pushbell_srq, read under RCU */
	struct blocking_notifier_head resets;
	struct atomic_notifier_head port_events;	/* PB_EVENT_TYPE_PORT_*, GID_CHANGE; with struct pushbell_report */
	struct pushbell_address self;	/* entry 0 of the GID table as it is after a reset: what is sent there comes back */

	/* Gone and back (life.c); under reset_lock unless said otherwise. */
	struct delayed_work watch;
	struct pci_saved_state *saved;
	bool watching;			/* from the end of probe to the start of remove */
	bool down;			/* children wait for PUSHBELL_RESET_DONE */
	bool lost;			/* to be looked at; any context */
	bool told_failure;
	u32 resets_seen;		/* RESET_EPOCH at the last start */
	ktime_t lost_at;
	unsigned int losses, restarts;

	struct work_struct report_work;
	spinlock_t report_lock;		/* reports */
	DECLARE_KFIFO(reports, struct pushbell_report, PUSHBELL_REPORTS);

	struct pushbell_page page;	/* page 0 */
	struct pushbell_pd pd;		/* for kernel use, with ... */
	struct pushbell_mr mr;		/* ... all of memory: address = bus address */
	struct pushbell_eq eqs[PUSHBELL_EQS_MAX];
	unsigned int eq_count;
	unsigned int next_eq;
	int spare_vector;		/* MSI-X vector that no event queue uses, or negative */
	bool intx;			/* no MSI-X: all event queues on one line, which others may share */
	bool line_open;			/* the line is ours to serve */

	int id;
	struct pushbell_child *children[PUSHBELL_CHILDREN];
	struct dentry *debugfs;
};

/* A child: what an auxiliary driver gets. */
struct pushbell_child {
	struct auxiliary_device auxiliary;
	struct pushbell_device *pb;
};

static inline struct pushbell_device *pushbell_of(struct auxiliary_device *auxiliary)
{
	return container_of(auxiliary, struct pushbell_child, auxiliary)->pb;
}

/* The way to read a register; all ones is looked into before it is believed (life.c). In any context. */
u32 pushbell_read_again(struct pushbell_device *pb, u32 offset);

static inline u32 pushbell_read(struct pushbell_device *pb, u32 offset)
{
	u32 value = readl(pb->registers + offset);

	return likely(value != ~0U) ? value : pushbell_read_again(pb, offset);
}

/* Between PREPARE and DONE, or about to be: no use to wait for anything. */
static inline bool pushbell_away(struct pushbell_device *pb)
{
	return READ_ONCE(pb->down) || !READ_ONCE(pb->up);
}

/* Memory */
int pushbell_memory_alloc(struct pushbell_device *pb, size_t bytes, struct pushbell_memory *memory);
void pushbell_memory_free(struct pushbell_device *pb, struct pushbell_memory *memory);

/*
 * Commands. Each status has its own error number (cmd.c); -ENODEV: not of this epoch or adapter gone, -ETIMEDOUT: no
 * answer, -EAGAIN: the adapter is in D3hot. They sleep.
 */
int pushbell_command(struct pushbell_device *pb, u32 epoch, u16 opcode, const void *in, size_t in_bytes,
		     void *out, size_t out_bytes);
int pushbell_set_link(struct pushbell_device *pb, u32 hold, u32 rate_mbps);
int pushbell_query_link(struct pushbell_device *pb, struct pb_cmd_link *link);

/* The port: state, GID table, counters */
int pushbell_query_port(struct pushbell_device *pb, struct pb_cmd_port_out *out);
int pushbell_gid_set(struct pushbell_device *pb, u32 index, const u8 gid[16], const u8 mac[6]);
int pushbell_gid_clear(struct pushbell_device *pb, u32 index);
int pushbell_gid_query(struct pushbell_device *pb, u32 index, struct pb_cmd_set_gid *out);
int pushbell_query_counters(struct pushbell_device *pb, u32 kind, u32 handle, void *out, size_t bytes);
const char *pushbell_event_name(u32 type);

/* Address handles. May be used by every queue pair of the domain. */
int pushbell_ah_create(struct pushbell_pd *pd, const struct pushbell_address *address, struct pushbell_ah *ah);
int pushbell_ah_modify(struct pushbell_ah *ah, const struct pushbell_address *address);
int pushbell_ah_query(struct pushbell_ah *ah, struct pb_cmd_ah *out);
int pushbell_ah_destroy(struct pushbell_ah *ah);

/* Protection domains and memory regions. Destroying gives -EBUSY while something uses the object. */
int pushbell_pd_create(struct pushbell_device *pb, struct pushbell_pd *pd);
int pushbell_pd_destroy(struct pushbell_pd *pd);
int pushbell_mr_create_whole(struct pushbell_pd *pd, u8 access, struct pushbell_mr *mr);
int pushbell_mr_create_list(struct pushbell_pd *pd, u8 access, u64 iova, u64 length, u8 page_shift,
			    const u64 *pages, u32 page_count, struct pushbell_mr *mr);
/* For FAST_REG: a region without memory. Its list has room for page_count addresses. */
int pushbell_mr_create_fast(struct pushbell_pd *pd, u32 page_count, struct pushbell_mr *mr);
/* The next key of a region for FAST_REG: another tag, so that the key before it is stale. */
u32 pushbell_mr_next_key(struct pushbell_mr *mr);
/* New rights or another domain (NULL: the same); the key changes. */
int pushbell_mr_rights(struct pushbell_mr *mr, struct pushbell_pd *pd, u8 access);
/* Other memory under other rights; the key changes. */
int pushbell_mr_move(struct pushbell_mr *mr, u8 access, u64 iova, u64 length, u8 page_shift, const u64 *pages,
		     u32 page_count);
int pushbell_mr_query(struct pushbell_mr *mr, struct pb_cmd_mr_out *out);
int pushbell_mr_destroy(struct pushbell_mr *mr);

/* Doorbell pages */
struct pushbell_page *pushbell_page_create(struct pushbell_device *pb);
int pushbell_page_destroy(struct pushbell_page *page);
void pushbell_doorbell_raw(struct pushbell_page *page, u32 offset, u64 value);
void pushbell_doorbell(struct pushbell_page *page, u32 offset, u32 number, u16 index);

/*
 * A push in its three parts; begin takes the buffer's lock, end stores the trailer and gives it back. They may be used
 * apart to push badly on purpose.
 */
struct pushbell_push_buffer *pushbell_push_begin(struct pushbell_page *page, unsigned long *flags)
	__acquires(&page->buffers->lock);
void pushbell_push_fill(struct pushbell_push_buffer *buffer, u32 offset, const void *bytes, size_t length);
u64 pushbell_push_trailer(const struct pushbell_push_buffer *buffer, u32 qpn, u16 index, size_t length);
void pushbell_push_end(struct pushbell_push_buffer *buffer, u64 trailer, unsigned long flags)
	__releases(&buffer->lock);

/* Completion queues. poll: number of completions taken. */
struct pushbell_wc {
	u64 wr_id;
	u32 qpn;
	u32 byte_count;
	u32 src_qpn;
	u16 wqe_index;
	u32 immediate;		/* or the key that the sender has invalidated */
	u8 opcode;
	u8 status;
	bool receive;
	bool solicited;
	bool with_immediate;
	bool with_invalidate;
	bool grh;		/* PB_GRH_BYTES stand before the message */
};

struct pushbell_cq *pushbell_cq_create(struct pushbell_device *pb, u8 log_depth, struct pushbell_page *page,
				       void (*event)(struct pushbell_cq *cq, void *context), void *context);
int pushbell_cq_destroy(struct pushbell_cq *cq);
/* Another number of entries; -EBUSY: what has not been polled does not fit. Polls and posts may go on. */
int pushbell_cq_resize(struct pushbell_cq *cq, u8 log_depth);
/* An armed queue tells after `count` completions, or `period_us` after the first of them. 0 or 1: at once. */
int pushbell_cq_moderate(struct pushbell_cq *cq, u16 count, u16 period_us);
int pushbell_cq_query(struct pushbell_cq *cq, struct pb_cmd_queue_out *out);
int pushbell_cq_poll(struct pushbell_cq *cq, struct pushbell_wc *wc, int count);
void pushbell_cq_arm(struct pushbell_cq *cq, bool solicited);

/* Shared receive queues. limit: see pushbell_srq_arm(). */
struct pushbell_srq *pushbell_srq_create(struct pushbell_device *pb, struct pushbell_pd *pd, struct pushbell_page *page,
					 u8 log_depth, u8 log_stride, u32 limit);
int pushbell_srq_destroy(struct pushbell_srq *srq);
/* SRQ_LIMIT comes once, when fewer receives than `limit` are posted; 0: never. */
int pushbell_srq_arm(struct pushbell_srq *srq, u32 limit);
int pushbell_srq_query(struct pushbell_srq *srq, struct pb_cmd_srq_out *out);
int pushbell_srq_post(struct pushbell_srq *srq, const struct pushbell_wr *wr);

/* Queue pairs */
struct pushbell_qp_parameters {
	struct pushbell_pd *pd;		/* NULL: the core's */
	struct pushbell_page *page;	/* NULL: page 0 */
	struct pushbell_cq *send_cq;
	struct pushbell_cq *recv_cq;	/* not DMA */
	struct pushbell_srq *srq;	/* in place of an own receive queue */
	u8 type;
	u8 flags;			/* PB_QP_FLAG_* */
	u8 send_log_depth, send_log_stride;
	u8 recv_log_depth, recv_log_stride;
	struct pushbell_mr *send_mr;	/* NULL: the core's, and then send_address is not used */
	u64 send_address;		/* where the adapter looks for the send queue */
};

struct pushbell_range {
	u64 address;
	u32 length;
	u32 lkey;
};

/* What FAST_REG gives to a region. */
struct pushbell_registration {
	u64 iova;
	u64 length;
	u64 page_list;			/* bus address of the list */
	u32 page_count;
	u8 access;
	u8 page_shift;
};

struct pushbell_wr {
	u64 wr_id;
	u64 pattern;			/* FILL */
	const struct pushbell_range *gather;
	const struct pushbell_range *scatter;
	u8 opcode;
	u8 flags;
	u8 gather_count;
	u8 scatter_count;
	u16 inline_bytes;		/* with PB_WQE_FLAG_INLINE, in place of gather */
	const void *inline_data;
	u32 immediate;			/* _IMM */
	u32 key;			/* SEND_INV, LOCAL_INV; FAST_REG: the new one */
	u32 rkey;			/* READ, WRITE and atomics */
	u64 remote_address;
	u64 swap_add;			/* atomics */
	u64 compare;			/* CMP_SWAP */
	const struct pushbell_ah *ah;	/* UD and GSI: where a SEND goes */
	u32 dest_qpn;
	u32 qkey;
	const struct pushbell_registration *registration;	/* FAST_REG */
};

/* Attributes of a queue pair on its way from RESET to RTS; those that its type does not have are not used. */
struct pushbell_path {
	struct pushbell_address address;
	u32 dest_qpn;
	u32 sq_psn, rq_psn;
	u32 qkey;
	u8 mtu;				/* PB_MTU_* */
	u8 access;			/* PB_ACCESS_REMOTE_*: what the peer may do */
	u8 max_rd_atomic, max_dest_rd_atomic;
	u8 min_rnr_timer, timeout, retry_count, rnr_retry;
};

enum pushbell_how {
	PUSHBELL_DOORBELL,	/* descriptor in memory, then the doorbell */
	PUSHBELL_PUSH,		/* in memory and in the priority area; the doorbell when it is too long for that */
	PUSHBELL_QUIET,		/* in memory only; a later doorbell covers it */
};

struct pushbell_qp *pushbell_qp_create(struct pushbell_device *pb, const struct pushbell_qp_parameters *parameters);
int pushbell_qp_destroy(struct pushbell_qp *qp);
int pushbell_qp_modify(struct pushbell_qp *qp, struct pb_cmd_modify_qp *attributes);
int pushbell_qp_query(struct pushbell_qp *qp, struct pb_cmd_qp_out *out);
int pushbell_qp_reset(struct pushbell_qp *qp);
/* To one state, with the attributes of `path` that attr_mask names. */
int pushbell_qp_step(struct pushbell_qp *qp, u8 state, u32 attr_mask, const struct pushbell_path *path);
int pushbell_qp_connect_path(struct pushbell_qp *qp, const struct pushbell_path *path);
/* Through the own port, every right for the peer; datagram queue pairs get PUSHBELL_QKEY, channels need nothing of it. */
int pushbell_qp_connect(struct pushbell_qp *qp, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn);
struct pushbell_path pushbell_path_to_self(struct pushbell_device *pb, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn);
size_t pushbell_wqe_bytes(const struct pushbell_wr *wr);
size_t pushbell_wqe_build(void *wqe, const struct pushbell_wr *wr, u16 index);
void *pushbell_wqe_slot(struct pushbell_work_queue *queue, u16 index);
int pushbell_post_send(struct pushbell_qp *qp, const struct pushbell_wr *wr, enum pushbell_how how);
int pushbell_post_recv(struct pushbell_qp *qp, const struct pushbell_wr *wr);

/* Resets the adapter. Every object is gone after it, see above. */
int pushbell_reset(struct pushbell_device *pb);

/* To D3hot and back to D0; what is posted meanwhile gives -EAGAIN. */
int pushbell_power(struct pushbell_device *pb, pci_power_t state);

/* DMA faults */
void pushbell_fault_read(struct pushbell_device *pb, struct pushbell_fault *fault);
const char *pushbell_fault_object(u32 info);

#endif /* PUSHBELL_H */
