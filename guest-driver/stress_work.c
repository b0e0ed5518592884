// SPDX-License-Identifier: GPL-2.0
/*
 * One work request of a lane: what it carries follows from seed, lane and sequence number alone, so the receiving side
 * makes it a second time and compares every byte. Completions of a queue come in order and each exactly once: the next
 * one is known before it comes.
 */
#include <linux/crc32.h>
#include <linux/string.h>
#include "stress.h"

#define GUARD_BYTES 64
#define POISON 0xa5
#define SHIFTS 13		/* alignments that are tried */
#define MAGIC 0x50425354u
#define RECEIVE_ID BIT_ULL(55)

struct message {
	__le32 magic, length;
	__le64 sequence;
	__le32 lane, checksum;	/* CRC-32 of what follows */
};

struct shape {
	u8 opcode;
	bool push;
	u32 length;
	u32 pieces;
	u64 pattern;
};

static u64 mix(u64 x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static u64 chance(const struct stress_lane *lane, u64 sequence)
{
	return mix(mix((u64)lane->stress->parameters.seed << 32 | lane->number) + sequence);
}

static struct shape shape_of(const struct stress_lane *lane, u64 sequence)
{
	const struct stress_parameters *p = &lane->stress->parameters;
	u64 bits = chance(lane, sequence);
	u32 span = p->bytes - STRESS_BYTES_MIN + 1;

	return (struct shape) {
		.opcode = !lane->dma ? PB_OPCODE_SEND : sequence % 2 ? PB_OPCODE_FILL : PB_OPCODE_COPY,
		.push = (bits & 0xffff) % 100 < p->pushes,
		.length = bits >> 61 ? STRESS_BYTES_MIN + (u32)(bits >> 24 & 0xffffff) % span : p->bytes,
		.pieces = 1 + (bits >> 16 & 0xff) % 3,
		.pattern = mix(bits),
	};
}

/* What the target of a work request has to hold. */
static void compose(const struct stress_lane *lane, u64 sequence, const struct shape *shape, u8 *bytes)
{
	struct message *message = (struct message *)bytes;
	u64 state = shape->pattern;
	u32 i;

	if (shape->opcode == PB_OPCODE_FILL) {
		for (i = 0; i < shape->length; i++)
			bytes[i] = shape->pattern >> (8 * (i % 8));
		return;
	}
	for (i = sizeof(*message); i < shape->length; i += sizeof(state)) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(bytes + i, &state, min_t(u32, sizeof(state), shape->length - i));
	}
	message->magic = cpu_to_le32(MAGIC);
	message->length = cpu_to_le32(shape->length);
	message->sequence = cpu_to_le64(sequence);
	message->lane = cpu_to_le32(lane->number);
	message->checksum = cpu_to_le32(crc32_le(~0, bytes + sizeof(*message), shape->length - sizeof(*message)));
}

size_t stress_slot_bytes(const struct stress *s)
{
	return GUARD_BYTES + SHIFTS + s->parameters.bytes + GUARD_BYTES;
}

static struct stress_slot *slot_of(struct stress_lane *lane, u64 sequence)
{
	return &lane->slots[sequence % lane->stress->parameters.window];
}

static u32 start_of(u64 sequence)
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

		ranges[i] = (struct pushbell_range) { memory->bus + start_of(sequence) + offset, bytes, lkey };
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
	struct stress_slot *slot = slot_of(lane, sequence);
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

static void describe(struct stress_lane *lane, u64 sequence, const struct shape *shape, struct pushbell_wr *wr,
		     struct pushbell_range from[3], struct pushbell_range to[3])
{
	struct stress_slot *slot = slot_of(lane, sequence);

	*wr = (struct pushbell_wr) {
		.wr_id = id_of(lane, sequence, false), .opcode = shape->opcode, .flags = PB_WQE_FLAG_SIGNALED,
		.gather = from, .scatter = to,
	};
	if (shape->opcode == PB_OPCODE_FILL) {
		wr->pattern = shape->pattern;
	} else {
		compose(lane, sequence, shape, (u8 *)slot->source.cpu + start_of(sequence));
		wr->gather_count = split(lane, &slot->source, sequence, shape->length, shape->pieces, from);
	}
	if (lane->dma)
		wr->scatter_count = split(lane, &slot->target, sequence, shape->length, 1 + sequence % 3, to);
}

int stress_post(struct stress_lane *lane)
{
	u64 sequence = lane->posted;
	struct shape shape = shape_of(lane, sequence);
	unsigned int completions = lane->dma ? 1 : 2;
	struct pushbell_range from[3], to[3];
	struct pushbell_wr wr;
	int ret;

	describe(lane, sequence, &shape, &wr, from, to);
	stress_posted(&lane->stress->gaps, completions);
	ret = pushbell_post_send(lane->sender, &wr, shape.push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL);
	if (ret) {
		stress_forgotten(&lane->stress->gaps, completions);
		return ret;
	}
	lane->posted++;
	if (shape.push)
		lane->counts.pushed++;
	else
		lane->counts.rung++;
	return 0;
}

/* The bytes, and the poison round them. */
static void check_target(struct stress_lane *lane, u64 sequence, const struct shape *shape)
{
	struct pushbell_memory *memory = &slot_of(lane, sequence)->target;
	const u8 *slot = memory->cpu, *seen = slot + start_of(sequence);
	const u8 *end = slot + memory->bytes;
	u32 i;

	compose(lane, sequence, shape, lane->expected);
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

static void check_receive(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	struct shape shape = shape_of(lane, lane->received);

	if (lane->received >= lane->posted || !as_expected(lane, wc, lane->received, shape.length, PB_OPCODE_RECV)) {
		lane->broken = true;
		return;
	}
	if (wc->src_qpn != lane->sender->object.handle)
		stress_error(lane->stress, "lane %u: message from qp %u", lane->number, wc->src_qpn);
	check_target(lane, lane->received++, &shape);
	lane->counts.receives++;
}

static void check_send(struct stress_lane *lane, const struct pushbell_wc *wc)
{
	struct shape shape = shape_of(lane, lane->completed);

	if (lane->completed >= lane->posted || !as_expected(lane, wc, lane->completed, shape.length, shape.opcode)) {
		lane->broken = true;
		return;
	}
	if (lane->dma)
		check_target(lane, lane->completed, &shape);
	lane->completed++;
	if (shape.opcode == PB_OPCODE_SEND)
		lane->counts.sends++;
	else if (shape.opcode == PB_OPCODE_COPY)
		lane->counts.copies++;
	else
		lane->counts.fills++;
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
