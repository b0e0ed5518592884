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

enum pushbell_reset_phase {
	PUSHBELL_RESET_PREPARE,	/* every object is about to go; stop posting */
	PUSHBELL_RESET_DONE,	/* the adapter is usable again and empty */
};

struct pushbell_device;

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

struct pushbell_qp {
	struct pushbell_object object;
	struct pushbell_page *page;
	struct pushbell_work_queue send;
	struct pushbell_work_queue recv;
	u8 type;
	struct rcu_head rcu;
	/* Runs in the interrupt handler when the queue has gone to the error state by itself. May be NULL. */
	void (*fatal)(struct pushbell_qp *qp, u32 status, void *context);
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
	struct blocking_notifier_head resets;

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

/* Protection domains and memory regions. Destroying gives -EBUSY while something uses the object. */
int pushbell_pd_create(struct pushbell_device *pb, struct pushbell_pd *pd);
int pushbell_pd_destroy(struct pushbell_pd *pd);
int pushbell_mr_create_whole(struct pushbell_pd *pd, u8 access, struct pushbell_mr *mr);
int pushbell_mr_create_list(struct pushbell_pd *pd, u8 access, u64 iova, u64 length, u8 page_shift,
			    const u64 *pages, u32 page_count, struct pushbell_mr *mr);
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
	u8 opcode;
	u8 status;
	bool receive;
	bool solicited;
};

struct pushbell_cq *pushbell_cq_create(struct pushbell_device *pb, u8 log_depth, struct pushbell_page *page,
				       void (*event)(struct pushbell_cq *cq, void *context), void *context);
int pushbell_cq_destroy(struct pushbell_cq *cq);
int pushbell_cq_poll(struct pushbell_cq *cq, struct pushbell_wc *wc, int count);
void pushbell_cq_arm(struct pushbell_cq *cq, bool solicited);

/* Queue pairs */
struct pushbell_qp_parameters {
	struct pushbell_pd *pd;		/* NULL: the core's */
	struct pushbell_page *page;	/* NULL: page 0 */
	struct pushbell_cq *send_cq;
	struct pushbell_cq *recv_cq;	/* RC only */
	u8 type;
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

struct pushbell_wr {
	u64 wr_id;
	u64 pattern;
	const struct pushbell_range *gather;
	const struct pushbell_range *scatter;
	u8 opcode;
	u8 flags;
	u8 gather_count;
	u8 scatter_count;
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
int pushbell_qp_connect(struct pushbell_qp *qp, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn);
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
