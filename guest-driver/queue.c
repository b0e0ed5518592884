// SPDX-License-Identifier: GPL-2.0
/* Work queues and the descriptors in them: the same for send queues, receive queues and shared ones. */
#include "core.h"

static u16 mask(const struct pushbell_work_queue *queue)
{
	return BIT(queue->log_depth) - 1;
}

void *pushbell_wqe_slot(struct pushbell_work_queue *queue, u16 index)
{
	return queue->ring.cpu + ((size_t)(index & mask(queue)) << queue->log_stride);
}
EXPORT_SYMBOL_GPL(pushbell_wqe_slot);

static bool is_atomic(u8 opcode)
{
	return opcode == PB_OPCODE_CMP_SWAP || opcode == PB_OPCODE_FETCH_ADD;
}

/* Between the head and the lists. */
static size_t extension_bytes(const struct pushbell_wr *wr)
{
	if (is_atomic(wr->opcode))
		return sizeof(struct pb_wqe_atomic);
	if (wr->registration)
		return sizeof(struct pb_wqe_reg);
	return wr->ah ? sizeof(struct pb_wqe_datagram) : 0;
}

/* Length of its descriptor, a multiple of 16. */
size_t pushbell_wqe_bytes(const struct pushbell_wr *wr)
{
	return sizeof(struct pb_wqe) + extension_bytes(wr) + ALIGN(wr->inline_bytes, PB_PUSH_LENGTH_UNIT) +
	       (wr->gather_count + wr->scatter_count) * sizeof(struct pb_sge);
}
EXPORT_SYMBOL_GPL(pushbell_wqe_bytes);

static u32 operand_lo(const struct pushbell_wr *wr)
{
	switch (wr->opcode) {
	case PB_OPCODE_SEND_IMM:
	case PB_OPCODE_RDMA_WRITE_IMM:
		return wr->immediate;
	case PB_OPCODE_SEND_INV:
	case PB_OPCODE_LOCAL_INV:
	case PB_OPCODE_FAST_REG:
		return wr->key;
	default:
		return lower_32_bits(wr->pattern);
	}
}

static void *put_extension(void *at, const struct pushbell_wr *wr)
{
	if (is_atomic(wr->opcode))
		*(struct pb_wqe_atomic *)at = (struct pb_wqe_atomic) {
			.swap_add = cpu_to_le64(wr->swap_add), .compare = cpu_to_le64(wr->compare),
		};
	else if (wr->registration)
		*(struct pb_wqe_reg *)at = (struct pb_wqe_reg) {
			.iova = cpu_to_le64(wr->registration->iova),
			.length = cpu_to_le64(wr->registration->length),
			.page_list = cpu_to_le64(wr->registration->page_list),
			.page_count = cpu_to_le32(wr->registration->page_count),
			.access = wr->registration->access, .page_shift = wr->registration->page_shift,
		};
	else if (wr->ah)
		*(struct pb_wqe_datagram *)at = (struct pb_wqe_datagram) {
			.ah = cpu_to_le32(wr->ah->object.handle), .dest_qpn = cpu_to_le32(wr->dest_qpn),
			.qkey = cpu_to_le32(wr->qkey),
		};
	return at + extension_bytes(wr);
}

static void put_ranges(struct pb_sge *entry, const struct pushbell_range *range, u8 count)
{
	for (; count--; entry++, range++) {
		entry->address = cpu_to_le64(range->address);
		entry->length = cpu_to_le32(range->length);
		entry->lkey = cpu_to_le32(range->lkey);
	}
}

/* Returns its length in bytes, a multiple of 16. */
size_t pushbell_wqe_build(void *bytes, const struct pushbell_wr *wr, u16 index)
{
	struct pb_wqe *wqe = bytes;
	size_t padded = ALIGN(wr->inline_bytes, PB_PUSH_LENGTH_UNIT);
	struct pb_sge *entries;
	void *at;

	*wqe = (struct pb_wqe) {
		.opcode = wr->opcode,
		.flags = wr->flags,
		.gather_count = wr->gather_count,
		.scatter_count = wr->scatter_count,
		.index = cpu_to_le16(index),
		.inline_length = cpu_to_le16(wr->inline_bytes),
		.wr_id = cpu_to_le64(wr->wr_id),
		.operand_lo = cpu_to_le32(operand_lo(wr)),
		.operand_hi = cpu_to_le32(wr->rkey ? wr->rkey : upper_32_bits(wr->pattern)),
		.remote_address = cpu_to_le64(wr->remote_address),
	};
	at = put_extension(wqe + 1, wr);
	if (padded) {
		memset(at + padded - PB_PUSH_LENGTH_UNIT, 0, PB_PUSH_LENGTH_UNIT);
		memcpy(at, wr->inline_data, wr->inline_bytes);
		at += padded;
	}
	entries = at;
	put_ranges(entries, wr->gather, wr->gather_count);
	put_ranges(entries + wr->gather_count, wr->scatter, wr->scatter_count);
	return pushbell_wqe_bytes(wr);
}
EXPORT_SYMBOL_GPL(pushbell_wqe_build);

/* 0: the descriptor stands in its slot. The queue's lock is held. */
int pushbell_queue_put(struct pushbell_device *pb, struct pushbell_work_queue *queue, const struct pushbell_wr *wr,
		       size_t *bytes)
{
	/* Looked at under the lock, so that who puts the adapter to sleep can wait for the doorbell (power.c). */
	if (READ_ONCE(pb->asleep))
		return -EAGAIN;
	if (pushbell_wqe_bytes(wr) > BIT(queue->log_stride))
		return -EINVAL;
	if ((u16)(queue->producer - READ_ONCE(queue->consumer)) > mask(queue))
		return -EAGAIN;
	*bytes = pushbell_wqe_build(pushbell_wqe_slot(queue, queue->producer), wr, queue->producer);
	queue->producer++;
	return 0;
}

/* A completion covers the descriptors before it too: a queue ends them in order. */
void pushbell_queue_ended(struct pushbell_work_queue *queue, u16 index)
{
	u16 consumer = READ_ONCE(queue->consumer);

	/* One from before a reset of the queue, or of an earlier queue of that number, names nothing that is posted. */
	if ((u16)(index - consumer) < (u16)(READ_ONCE(queue->producer) - consumer))
		WRITE_ONCE(queue->consumer, index + 1);
}

void pushbell_queue_rewind(struct pushbell_work_queue *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	queue->producer = 0;
	queue->consumer = 0;
	spin_unlock_irqrestore(&queue->lock, flags);
}

int pushbell_queue_init(struct pushbell_device *pb, struct pushbell_work_queue *queue, u8 log_depth, u8 log_stride)
{
	spin_lock_init(&queue->lock);
	queue->log_depth = log_depth;
	queue->log_stride = log_stride;
	return pushbell_memory_alloc(pb, BIT(log_depth + log_stride), &queue->ring);
}
