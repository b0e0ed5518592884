// SPDX-License-Identifier: GPL-2.0
/*
 * One work request of a lane: what it carries follows from seed, lane and sequence number alone, so the receiving side
 * makes it a second time and compares every byte. Completions of a queue come in order and each exactly once: the next
 * one is known before it comes.
 */
#include <linux/string.h>
#include "stress.h"

#define GUARD_BYTES 64
#define POISON 0xa5
#define SHIFTS 13		/* alignments that are tried */
#define RECEIVE_ID BIT_ULL(55)

size_t stress_slot_bytes(const struct stress *s)
{
	return GUARD_BYTES + SHIFTS + s->parameters.bytes + GUARD_BYTES;
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
	memset(memory->cpu, POISON, memory->bytes);
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

static u64 id_of(const struct stress_lane *lane, u64 sequence, bool receive)
{
	return (u64)lane->number << 56 | (receive ? RECEIVE_ID : 0) | sequence;
}

int stress_post_receive(struct stress_lane *lane)
{
	u64 sequence = lane->receives_posted;
	struct stress_slot *slot = stress_slot_of(lane, sequence);
	struct pushbell_range ranges[3];
	struct pushbell_wr wr = {
		.wr_id = id_of(lane, sequence, true), .opcode = PB_OPCODE_RECV, .scatter = ranges,
		.scatter_count = split(lane, &slot->target, sequence, lane->stress->parameters.bytes, 1 + sequence % 2,
				       ranges),
	};
	int ret = pushbell_post_recv(lane->receiver, &wr);

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
	return lane->dma || opcode == PB_OPCODE_RDMA_READ || stress_is_atomic(opcode);
}

static void describe(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape, struct pushbell_wr *wr,
		     struct pushbell_range from[3], struct pushbell_range to[3])
{
	struct stress_slot *slot = stress_slot_of(lane, sequence);

	*wr = (struct pushbell_wr) {
		.wr_id = id_of(lane, sequence, false), .opcode = shape->opcode, .flags = PB_WQE_FLAG_SIGNALED,
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
		wr->scatter_count = split(lane, lane->dma ? &slot->target : &slot->source, sequence, shape->length,
					  stress_is_atomic(shape->opcode) ? 1 : 1 + sequence % 3, to);
}

int stress_post(struct stress_lane *lane)
{
	u64 sequence = lane->posted, word = lane->word_posted;
	struct stress_shape shape = stress_shape_of(lane, sequence);
	unsigned int completions = shape.receives ? 2 : 1;
	struct pushbell_registration reg;
	struct pushbell_range from[3], to[3];
	struct pushbell_wr wr;
	int ret;

	describe(lane, sequence, &shape, &wr, from, to);
	if (!lane->dma)
		stress_describe_remote(lane, sequence, &shape, &wr, &reg);
	stress_posted(&lane->stress->gaps, completions);
	ret = pushbell_post_send(lane->sender, &wr, shape.push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL);
	if (ret) {
		lane->word_posted = word;
		stress_forgotten(&lane->stress->gaps, completions);
		return ret;
	}
	if (shape.receives)
		lane->sent[lane->receivable++ % lane->stress->parameters.window] = sequence;
	lane->posted++;
	if (shape.push)
		lane->counts.pushed++;
	else
		lane->counts.rung++;
	lane->counts.inlines += shape.inlined;
	return 0;
}

/* The bytes, and the poison round them; `place` is the number that chose where they lie. */
void stress_check_bytes(struct stress_lane *lane, struct pushbell_memory *memory, u64 place, u64 sequence,
			const struct stress_shape *shape)
{
	const u8 *slot = memory->cpu, *seen = slot + stress_start_of(place);
	const u8 *end = slot + memory->bytes;
	u32 i;

	stress_compose(lane, sequence, shape, lane->expected);
	if (memcmp(seen, lane->expected, shape->length)) {
		for (i = 0; seen[i] == lane->expected[i]; i++)
			;
		stress_error(lane->stress, "lane %u number %llu opcode %u: byte %u of %u is 0x%02x, not 0x%02x",
			     lane->number, sequence, shape->opcode, i, shape->length, seen[i], lane->expected[i]);
	}
	if (memchr_inv(slot, POISON, seen - slot) ||
	    memchr_inv(seen + shape->length, POISON, end - seen - shape->length))
		stress_error(lane->stress, "lane %u number %llu opcode %u: bytes outside of its %u were written",
			     lane->number, sequence, shape->opcode, shape->length);
	lane->counts.bytes += shape->length;
	stress_poison(lane, memory);
}

static bool as_expected(struct stress_lane *lane, const struct pushbell_wc *wc, u64 sequence, u32 length, u8 opcode)
{
	const struct pushbell_qp *qp = wc->receive ? lane->receiver : lane->sender;
	struct stress *s = lane->stress;

	if (wc->wr_id != id_of(lane, sequence, wc->receive) || wc->wqe_index != (u16)sequence ||
	    wc->qpn != qp->object.handle) {
		stress_error(s, "lane %u: completion of 0x%llx (qp %u, index %u), the next is 0x%llx (qp %u)",
			     lane->number, wc->wr_id, wc->qpn, wc->wqe_index, id_of(lane, sequence, wc->receive),
			     qp->object.handle);
		return false;
	}
	if (wc->status != PB_WC_STATUS_SUCCESS) {
		stress_error(s, "lane %u: 0x%llx ended with status %u", lane->number, wc->wr_id, wc->status);
		return false;
	}
	if (wc->byte_count != length || wc->opcode != opcode)
		stress_error(s, "lane %u: 0x%llx has %u bytes and opcode %u, not %u and %u", lane->number, wc->wr_id,
			     wc->byte_count, wc->opcode, length, opcode);
	return true;
}

u32 stress_immediate_of(u64 sequence)
{
	return (u32)sequence * 2654435761U;
}

static void check_receive(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	u64 place = lane->received, sequence = lane->sent[place % lane->stress->parameters.window];
	struct stress_shape shape = stress_shape_of(lane, sequence);
	bool written = shape.opcode == PB_OPCODE_RDMA_WRITE_IMM;

	if (place >= lane->receivable || !as_expected(lane, wc, place, shape.length, written ?
						      PB_OPCODE_RECV_RDMA_WITH_IMM : PB_OPCODE_RECV)) {
		lane->broken = true;
		return;
	}
	if (wc->src_qpn != lane->sender->object.handle)
		stress_error(lane->stress, "lane %u: message from qp %u", lane->number, wc->src_qpn);
	if (wc->with_immediate != (shape.opcode != PB_OPCODE_SEND) ||
	    (wc->with_immediate && wc->immediate != stress_immediate_of(sequence)))
		stress_error(lane->stress, "lane %u number %llu: immediate data 0x%x", lane->number, sequence,
			     wc->immediate);
	if (!written)
		stress_check_bytes(lane, &stress_slot_of(lane, place)->target, place, sequence, &shape);
	lane->received++;
	lane->counts.receives++;
}

static void count(struct stress_counts *counts, u8 opcode)
{
	switch (opcode) {
	case PB_OPCODE_COPY:
		counts->copies++;
		break;
	case PB_OPCODE_FILL:
		counts->fills++;
		break;
	case PB_OPCODE_RDMA_WRITE:
		counts->writes++;
		break;
	case PB_OPCODE_RDMA_READ:
		counts->reads++;
		break;
	case PB_OPCODE_CMP_SWAP:
	case PB_OPCODE_FETCH_ADD:
		counts->atomics++;
		break;
	case PB_OPCODE_FAST_REG:
	case PB_OPCODE_LOCAL_INV:
		counts->registrations++;
		break;
	default:
		counts->sends++;	/* those that the other end hears of */
	}
}

static void check_send(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	u64 sequence = lane->completed;
	struct stress_shape shape = stress_shape_of(lane, sequence);

	if (sequence >= lane->posted || !as_expected(lane, wc, sequence, shape.length, shape.opcode)) {
		lane->broken = true;
		return;
	}
	if (lane->dma)
		stress_check_bytes(lane, &stress_slot_of(lane, sequence)->target, sequence, sequence, &shape);
	else
		stress_check_remote(lane, sequence, &shape);
	lane->completed++;
	count(&lane->counts, shape.opcode);
}

void stress_check(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	if (lane->broken)
		stress_error(lane->stress, "lane %u: one more completion, of 0x%llx, status %u", lane->number,
			     wc->wr_id, wc->status);
	else if (wc->receive)
		check_receive(lane, wc);
	else
		check_send(lane, wc);
}
