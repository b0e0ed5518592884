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
#include "pushbell_types.h"

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
