/* SPDX-License-Identifier: GPL-2.0 */
/* Objects of the Pushbell driver, what is posted to them and what comes back. The functions are in pushbell.h. */
#ifndef PUSHBELL_TYPES_H
#define PUSHBELL_TYPES_H
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

/* A completion. */
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

#endif /* PUSHBELL_TYPES_H */
