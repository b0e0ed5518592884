// SPDX-License-Identifier: GPL-2.0
/*
 * What came: completions of a queue come in order and each exactly once, so that the next one is known before it comes.
 * Of a shared receive queue the receives are taken in order, but end as the messages of its connections do.
 */
#include <linux/in.h>
#include <linux/string.h>
#include "stress.h"

#define IPV4_AT 20	/* of the IPv4 header in the global route header */

static void check_poison(struct stress_lane *lane, const u8 *slot, u32 from, u32 to, u64 sequence)
{
	const u8 *other = memchr_inv(slot + from, STRESS_POISON, to - from);

	if (other)
		stress_error(lane->stress, "lane %u number %llu: byte %td is 0x%02x; none of %u to %u should be written",
			     lane->number, sequence, other - slot, *other, from, to);
}

/* Nothing but `bytes` from `start` on has been written. */
static void check_around(struct stress_lane *lane, struct pushbell_memory *memory, u32 start, u32 bytes, u64 sequence)
{
	check_poison(lane, memory->cpu, 0, start, sequence);
	check_poison(lane, memory->cpu, start + bytes, memory->bytes, sequence);
	stress_poison(lane, memory);
}

static void check_inside(struct stress_lane *lane, const struct pushbell_memory *memory, u32 start, u64 sequence,
			 const struct stress_shape *shape)
{
	const u8 *seen = memory->cpu + start;
	u32 i;

	stress_compose(lane, sequence, shape, lane->expected);
	if (memcmp(seen, lane->expected, shape->length)) {
		for (i = 0; seen[i] == lane->expected[i]; i++)
			;
		stress_error(lane->stress, "lane %u number %llu opcode %u: byte %u of %u is 0x%02x, not 0x%02x",
			     lane->number, sequence, shape->opcode, i, shape->length, seen[i], lane->expected[i]);
	}
	lane->counts.bytes += shape->length;
}

/* The bytes from `start` on, and the poison round them. */
void stress_check_bytes(struct stress_lane *lane, struct pushbell_memory *memory, u32 start, u64 sequence,
			const struct stress_shape *shape)
{
	check_inside(lane, memory, start, sequence, shape);
	check_around(lane, memory, start, shape->length, sequence);
}

struct expected {
	const struct pushbell_qp *qp;
	u64 wr_id;
	u16 index;
	u32 bytes;
	u8 opcode;
};

static bool as_expected(struct stress_lane *lane, const struct pushbell_wc *wc, const struct expected *next)
{
	struct stress *s = lane->stress;

	if (wc->wr_id != next->wr_id || wc->wqe_index != next->index || wc->qpn != next->qp->object.handle) {
		stress_error(s, "lane %u: completion of 0x%llx (qp %u, index %u), the next is 0x%llx (qp %u)",
			     lane->number, wc->wr_id, wc->qpn, wc->wqe_index, next->wr_id, next->qp->object.handle);
		return false;
	}
	if (wc->status != PB_WC_STATUS_SUCCESS) {
		stress_error(s, "lane %u: 0x%llx ended with status %u", lane->number, wc->wr_id, wc->status);
		return false;
	}
	if (wc->byte_count != next->bytes || wc->opcode != next->opcode)
		stress_error(s, "lane %u: 0x%llx has %u bytes and opcode %u, not %u and %u", lane->number, wc->wr_id,
			     wc->byte_count, wc->opcode, next->bytes, next->opcode);
	return true;
}

/* Negative: none of them. */
static int end_of(const struct stress_lane *lane, const struct pushbell_wc *wc)
{
	int i;

	for (i = 0; i < stress_ends_of(lane); i++) {
		const struct pushbell_qp *qp = wc->receive ? lane->ends[i].receiver : lane->ends[i].sender;

		if (qp && qp->object.handle == wc->qpn)
			return i;
	}
	stress_error(lane->stress, "lane %u: completion of 0x%llx, of qp %u", lane->number, wc->wr_id, wc->qpn);
	return -1;
}

/* Version 4, UDP, from and to the own port; what stands before it is nobody's. */
static void check_header(struct stress_lane *lane, struct pushbell_memory *memory, u32 start)
{
	u8 *header = (u8 *)memory->cpu + start, *ip = header + IPV4_AT;
	const u8 *self = lane->stress->pb->self.gid + 12;

	if (ip[0] != 0x45 || ip[9] != IPPROTO_UDP || memcmp(ip + 12, self, 4) || memcmp(ip + 16, self, 4))
		stress_error(lane->stress, "lane %u: no route header: %20ph", lane->number, ip);
	memset(header, STRESS_POISON, PB_GRH_BYTES);
}

/*
 * What a shared receive has room for is the adapter's until it ends: a message that had begun there, and had to wait for a
 * translation or lost its process, may have left bytes behind before another connection's message took the receive.
 */
static void check_message(struct stress_lane *lane, u64 place, u64 sequence, const struct stress_shape *shape)
{
	struct pushbell_memory *target = &stress_slot_of(lane, place)->target;
	bool written = shape->opcode == PB_OPCODE_RDMA_WRITE_IMM;
	u32 start = stress_start_of(place), room = written ? 0 : shape->length;

	if (lane->kind == STRESS_SHARED)
		room = lane->stress->parameters.bytes;
	if (lane->kind == STRESS_UD) {
		check_header(lane, target, start);
		start += PB_GRH_BYTES;
	}
	if (!written)
		check_inside(lane, target, start, sequence, shape);
	check_around(lane, target, start, room, sequence);
}

static void check_immediate(struct stress_lane *lane, const struct pushbell_wc *wc, const struct stress_end *end,
			    u64 sequence, u8 opcode)
{
	if (wc->src_qpn != end->sender->object.handle || wc->grh != (lane->kind == STRESS_UD))
		stress_error(lane->stress, "lane %u: message from qp %u%s", lane->number, wc->src_qpn,
			     wc->grh ? " with a route header" : "");
	if (wc->with_immediate != (opcode != PB_OPCODE_SEND) ||
	    (wc->with_immediate && wc->immediate != stress_immediate_of(sequence)))
		stress_error(lane->stress, "lane %u number %llu: immediate data 0x%x", lane->number, sequence,
			     wc->immediate);
}

static void count_message(struct stress_lane *lane, u8 opcode)
{
	struct stress_counts *counts = &lane->counts;

	counts->receives++;
	if (lane->kind == STRESS_UC && opcode == PB_OPCODE_RDMA_WRITE_IMM)
		counts->uc_writes++;
	else if (lane->kind == STRESS_UC)
		counts->uc_sends++;
	else if (lane->kind == STRESS_UD)
		counts->datagrams++;
	else if (lane->kind == STRESS_SHARED)
		counts->shared++;
}

/* A shared receive is one that was taken by now and has not ended; every other one is the next. */
static bool place_of(const struct stress_lane *lane, const struct pushbell_wc *wc, u64 *place)
{
	*place = lane->received;
	if (lane->kind == STRESS_SHARED) {
		u64 number = wc->wr_id ^ stress_id_of(lane, 0, true);

		if (number < lane->receivable && number + lane->stress->parameters.window >= lane->receives_posted &&
		    !test_bit(number % lane->stress->parameters.window, lane->filled))
			*place = number;
	}
	return *place < lane->receivable;
}

static bool check_receive(struct stress_lane *lane, const struct pushbell_wc *wc, struct stress_end *end)
{
	u64 sequence = end->sent[end->received % STRESS_WINDOW_MAX], place;
	struct stress_shape shape = stress_shape_of(lane, sequence);
	bool written = shape.opcode == PB_OPCODE_RDMA_WRITE_IMM;

	if (!place_of(lane, wc, &place) || end->received >= end->receivable ||
	    !as_expected(lane, wc, &(struct expected) {
		.qp = end->receiver, .wr_id = stress_id_of(lane, place, true), .index = place,
		.bytes = shape.length + (lane->kind == STRESS_UD ? PB_GRH_BYTES : 0),
		.opcode = written ? PB_OPCODE_RECV_RDMA_WITH_IMM : PB_OPCODE_RECV }))
		return false;
	check_immediate(lane, wc, end, sequence, shape.opcode);
	check_message(lane, place, sequence, &shape);
	set_bit(place % lane->stress->parameters.window, lane->filled);
	end->received++;
	lane->received++;
	count_message(lane, shape.opcode);
	return true;
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

static bool check_send(struct stress_lane *lane, const struct pushbell_wc *wc, struct stress_end *end)
{
	u64 sequence = end->completed * stress_ends_of(lane) + (end - lane->ends);
	struct stress_shape shape = stress_shape_of(lane, sequence);

	if (sequence >= lane->posted || !as_expected(lane, wc, &(struct expected) {
			.qp = end->sender, .wr_id = stress_id_of(lane, sequence, false), .index = end->completed,
			.bytes = shape.length, .opcode = shape.opcode }))
		return false;
	if (lane->kind == STRESS_DMA)
		stress_check_bytes(lane, &stress_slot_of(lane, sequence)->target, stress_start_of(sequence), sequence,
				   &shape);
	else
		stress_check_remote(lane, sequence, &shape);
	end->completed++;
	lane->completed++;
	count(&lane->counts, shape.opcode);
	return true;
}

void stress_check(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	struct stress_end *end;
	int number;

	if (lane->broken) {
		stress_error(lane->stress, "lane %u: one more completion, of 0x%llx, status %u", lane->number,
			     wc->wr_id, wc->status);
		return;
	}
	number = end_of(lane, wc);
	end = &lane->ends[max(number, 0)];
	lane->broken = number < 0 || !(wc->receive ? check_receive(lane, wc, end) : check_send(lane, wc, end));
}
