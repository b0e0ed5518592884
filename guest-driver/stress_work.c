// SPDX-License-Identifier: GPL-2.0
/*
 * One work request of a lane, and one receive: what a message carries follows from seed, lane and sequence number alone,
 * so that the receiving side can make it a second time.
 */
#include <linux/string.h>
#include "stress.h"

#define GUARD_BYTES 64
#define SHIFTS 13		/* alignments that are tried */
#define RECEIVE_ID BIT_ULL(55)

size_t stress_slot_bytes(const struct stress *s)
{
	return GUARD_BYTES + SHIFTS + PB_GRH_BYTES + s->parameters.bytes + GUARD_BYTES;
}

struct stress_slot *stress_slot_of(struct stress_lane *lane, u64 sequence)
{
	return &lane->slots[sequence % lane->stress->parameters.window];
}

u32 stress_start_of(u64 sequence)
{
	return GUARD_BYTES + sequence % SHIFTS;
}

void stress_poison(struct stress_lane *lane, struct pushbell_memory *memory)
{
	memset(memory->cpu, STRESS_POISON, memory->bytes);
}

/* `length` bytes as one to three ranges that lie side by side. */
static u8 split(struct stress_lane *lane, const struct pushbell_memory *memory, u64 sequence, u32 length, u32 pieces,
		struct pushbell_range ranges[3])
{
	u32 lkey = lane->stress->pb->mr.object.handle, offset = 0, i;

	for (i = 0; i < pieces; i++) {
		u32 bytes = i == pieces - 1 ? length - offset : length / pieces;

		ranges[i] = (struct pushbell_range) { memory->bus + stress_start_of(sequence) + offset, bytes, lkey };
		offset += bytes;
	}
	return pieces;
}

u64 stress_id_of(const struct stress_lane *lane, u64 sequence, bool receive)
{
	return (u64)lane->number << 56 | (receive ? RECEIVE_ID : 0) | sequence;
}

u32 stress_immediate_of(u64 sequence)
{
	return (u32)sequence * 2654435761U;
}

/* A datagram stands behind its global route header. */
int stress_post_receive(struct stress_lane *lane)
{
	u64 sequence = lane->receives_posted;
	u32 bytes = lane->stress->parameters.bytes + (lane->kind == STRESS_UD ? PB_GRH_BYTES : 0);
	struct stress_slot *slot = stress_slot_of(lane, sequence);
	struct pushbell_range ranges[3];
	struct pushbell_wr wr = {
		.wr_id = stress_id_of(lane, sequence, true), .opcode = PB_OPCODE_RECV, .scatter = ranges,
		.scatter_count = split(lane, &slot->target, sequence, bytes, 1 + sequence % 2, ranges),
	};
	int ret;

	clear_bit(sequence % lane->stress->parameters.window, lane->filled);
	ret = lane->srq ? pushbell_srq_post(lane->srq, &wr) : pushbell_post_recv(lane->ends[0].receiver, &wr);
	if (!ret)
		lane->receives_posted++;
	return ret;
}

static bool gathers(u8 opcode)
{
	return opcode == PB_OPCODE_SEND || opcode == PB_OPCODE_SEND_IMM || opcode == PB_OPCODE_COPY ||
	       opcode == PB_OPCODE_RDMA_WRITE || opcode == PB_OPCODE_RDMA_WRITE_IMM;
}

static bool scatters(const struct stress_lane *lane, u8 opcode)
{
	return lane->kind == STRESS_DMA || opcode == PB_OPCODE_RDMA_READ || stress_is_atomic(opcode);
}

static void describe(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape, struct pushbell_wr *wr,
		     struct pushbell_range from[3], struct pushbell_range to[3])
{
	struct stress_slot *slot = stress_slot_of(lane, sequence);

	*wr = (struct pushbell_wr) {
		.wr_id = stress_id_of(lane, sequence, false), .opcode = shape->opcode, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = from, .scatter = to,
	};
	if (shape->opcode == PB_OPCODE_FILL)
		wr->pattern = shape->pattern;
	if (gathers(shape->opcode)) {
		u8 *bytes = (u8 *)slot->source.cpu + stress_start_of(sequence);

		stress_compose(lane, sequence, shape, bytes);
		if (shape->inlined) {
			wr->flags |= PB_WQE_FLAG_INLINE;
			wr->inline_data = bytes;
			wr->inline_bytes = shape->length;
		} else {
			wr->gather_count = split(lane, &slot->source, sequence, shape->length, shape->pieces, from);
		}
	}
	if (scatters(lane, shape->opcode))
		wr->scatter_count = split(lane, lane->kind == STRESS_DMA ? &slot->target : &slot->source, sequence, shape->length,
					  stress_is_atomic(shape->opcode) ? 1 : 1 + sequence % 3, to);
}

static void address(struct stress_lane *lane, const struct stress_end *end, struct pushbell_wr *wr)
{
	wr->ah = &lane->ah;
	wr->dest_qpn = end->receiver->object.handle;
	wr->qkey = PUSHBELL_QKEY;
}

static void note(struct stress_lane *lane, struct stress_end *end, const struct stress_shape *shape)
{
	u64 sequence = lane->posted++;

	if (shape->receives) {
		end->sent[end->receivable++ % STRESS_WINDOW_MAX] = sequence;
		lane->receivable++;
	}
	if (shape->push)
		lane->counts.pushed++;
	else
		lane->counts.rung++;
	lane->counts.inlines += shape->inlined;
}

int stress_post(struct stress_lane *lane)
{
	u64 sequence = lane->posted, word = lane->word_posted;
	struct stress_end *end = &lane->ends[sequence % stress_ends_of(lane)];
	struct stress_shape shape = stress_shape_of(lane, sequence);
	unsigned int completions = shape.receives ? 2 : 1;
	struct pushbell_registration reg;
	struct pushbell_range from[3], to[3];
	struct pushbell_wr wr;
	int ret;

	describe(lane, sequence, &shape, &wr, from, to);
	if (lane->kind != STRESS_DMA)
		stress_describe_remote(lane, sequence, &shape, &wr, &reg);
	if (lane->kind == STRESS_UD)
		address(lane, end, &wr);
	stress_posted(&lane->stress->gaps, completions);
	ret = pushbell_post_send(end->sender, &wr, shape.push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL);
	if (ret) {
		lane->word_posted = word;
		stress_forgotten(&lane->stress->gaps, completions);
		return ret;
	}
	note(lane, end, &shape);
	return 0;
}
