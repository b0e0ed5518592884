// SPDX-License-Identifier: GPL-2.0
/* What each work request of a lane is, and the bytes that it carries. */
#include <linux/crc32.h>
#include <linux/string.h>
#include "stress.h"

#define MAGIC 0x50425354u
#define INLINE_MAX 192		/* fits a descriptor of 256 bytes */
#define DATAGRAM_MAX 4096	/* MTU of the port */

struct message {
	__le32 magic, length;
	__le64 sequence;
	__le32 lane, checksum;	/* CRC-32 of what follows */
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

/* What each kind does, in turn. RC: the last two belong together. */
static const u8 reliable[] = {
	PB_OPCODE_SEND, PB_OPCODE_RDMA_WRITE, PB_OPCODE_SEND_IMM, PB_OPCODE_RDMA_READ, PB_OPCODE_FETCH_ADD,
	PB_OPCODE_SEND, PB_OPCODE_RDMA_WRITE_IMM, PB_OPCODE_CMP_SWAP, PB_OPCODE_FETCH_ADD, PB_OPCODE_SEND,
	PB_OPCODE_RDMA_READ, PB_OPCODE_FAST_REG, PB_OPCODE_LOCAL_INV,
};

static const u8 unreliable[] = {
	PB_OPCODE_SEND, PB_OPCODE_RDMA_WRITE_IMM, PB_OPCODE_SEND_IMM, PB_OPCODE_RDMA_WRITE, PB_OPCODE_RDMA_WRITE_IMM,
};

static const u8 datagrams[] = { PB_OPCODE_SEND, PB_OPCODE_SEND_IMM, PB_OPCODE_SEND };

/* An odd number, so that both ends do all of it. Nothing that hangs on the order between them. */
static const u8 shared[] = {
	PB_OPCODE_SEND, PB_OPCODE_RDMA_WRITE_IMM, PB_OPCODE_SEND, PB_OPCODE_RDMA_READ, PB_OPCODE_SEND_IMM,
	PB_OPCODE_RDMA_WRITE, PB_OPCODE_SEND,
};

static const u8 copies[] = { PB_OPCODE_COPY, PB_OPCODE_FILL };

static const struct {
	const u8 *opcodes;
	unsigned int count;
} turns[] = {
	[STRESS_RC] = { reliable, ARRAY_SIZE(reliable) }, [STRESS_DMA] = { copies, ARRAY_SIZE(copies) },
	[STRESS_UC] = { unreliable, ARRAY_SIZE(unreliable) }, [STRESS_UD] = { datagrams, ARRAY_SIZE(datagrams) },
	[STRESS_SHARED] = { shared, ARRAY_SIZE(shared) },
};

static bool takes_receive(u8 opcode)
{
	return opcode == PB_OPCODE_SEND || opcode == PB_OPCODE_SEND_IMM || opcode == PB_OPCODE_RDMA_WRITE_IMM;
}

static u32 length_of(const struct stress_lane *lane, u64 bits, u8 opcode, bool inlined)
{
	u32 most = min_t(u32, lane->stress->parameters.bytes, lane->kind == STRESS_UD ? DATAGRAM_MAX : U32_MAX);

	if (opcode == PB_OPCODE_FAST_REG || opcode == PB_OPCODE_LOCAL_INV)
		return 0;
	if (stress_is_atomic(opcode))
		return 8;
	if (inlined)
		return STRESS_BYTES_MIN + (bits >> 24) % (INLINE_MAX - STRESS_BYTES_MIN + 1);
	if (!(bits >> 61))
		return most;
	return STRESS_BYTES_MIN + (u32)(bits >> 24 & 0xffffff) % (most - STRESS_BYTES_MIN + 1);
}

struct stress_shape stress_shape_of(const struct stress_lane *lane, u64 sequence)
{
	const struct stress_parameters *p = &lane->stress->parameters;
	u64 bits = chance(lane, sequence);
	u8 opcode = turns[lane->kind].opcodes[sequence % turns[lane->kind].count];
	bool inlined = (takes_receive(opcode) || opcode == PB_OPCODE_RDMA_WRITE) && p->bytes >= INLINE_MAX &&
		       !(bits >> 40 & 7);

	return (struct stress_shape) {
		.opcode = opcode,
		.push = (bits & 0xffff) % 100 < p->pushes,
		.inlined = inlined,
		.receives = takes_receive(opcode),
		.length = length_of(lane, bits, opcode, inlined),
		.pieces = 1 + (bits >> 16 & 0xff) % 3,
		.pattern = mix(bits),
	};
}

/* What the target of a work request has to hold. */
void stress_compose(const struct stress_lane *lane, u64 sequence, const struct stress_shape *shape, u8 *bytes)
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
