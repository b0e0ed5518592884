// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection does to the memory of its other end, and to its keys. Each slot has memory that WRITEs go to and
 * READs come from. Atomics work on one word of the lane: each names the value that it has to find, so that one that is
 * lost or done twice shows at the next. A registration done twice is refused, and so is an invalidation.
 */
#include <linux/string.h>
#include "stress.h"

bool stress_is_atomic(u8 opcode)
{
	return opcode == PB_OPCODE_CMP_SWAP || opcode == PB_OPCODE_FETCH_ADD;
}

static void describe_atomic(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape,
			    struct pushbell_wr *wr)
{
	bool misses = sequence % 2;

	wr->remote_address = lane->word.bus;
	wr->swap_add = shape->pattern;
	if (shape->opcode == PB_OPCODE_FETCH_ADD) {
		lane->word_posted += shape->pattern;
		return;
	}
	wr->compare = lane->word_posted + misses;
	lane->compare[sequence % lane->stress->parameters.window] = wr->compare;
	if (!misses)
		lane->word_posted = shape->pattern;
}

static void describe_keys(struct stress_lane *lane, struct pushbell_wr *wr, struct pushbell_registration *reg)
{
	struct pushbell_memory *memory = &lane->word;

	if (wr->opcode == PB_OPCODE_LOCAL_INV) {
		wr->key = lane->fast.object.handle;
		return;
	}
	*(__le64 *)lane->fast.list.cpu = cpu_to_le64(memory->bus & PAGE_MASK);
	*reg = (struct pushbell_registration) {
		.iova = offset_in_page(memory->bus), .length = 8, .page_list = lane->fast.list.bus, .page_count = 1,
		.page_shift = PAGE_SHIFT, .access = PB_ACCESS_LOCAL_WRITE,
	};
	wr->key = pushbell_mr_next_key(&lane->fast);
	wr->registration = reg;
}

void stress_describe_remote(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape,
			    struct pushbell_wr *wr, struct pushbell_registration *reg)
{
	struct stress_slot *slot = stress_slot_of(lane, sequence);

	switch (shape->opcode) {
	case PB_OPCODE_FAST_REG:
	case PB_OPCODE_LOCAL_INV:
		describe_keys(lane, wr, reg);
		return;
	case PB_OPCODE_SEND_IMM:
		wr->immediate = stress_immediate_of(sequence);
		return;
	case PB_OPCODE_SEND:
		return;
	case PB_OPCODE_RDMA_READ:
		stress_poison(lane, &slot->source);
		stress_compose(lane, sequence, shape, (u8 *)slot->remote.cpu + stress_start_of(sequence));
		break;
	case PB_OPCODE_RDMA_WRITE_IMM:
		wr->immediate = stress_immediate_of(sequence);
		break;
	}
	wr->rkey = lane->all.object.handle;
	wr->remote_address = slot->remote.bus + stress_start_of(sequence);
	if (stress_is_atomic(shape->opcode)) {
		stress_poison(lane, &slot->source);
		describe_atomic(lane, sequence, shape, wr);
	}
}

static void check_atomic(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape)
{
	u64 old;

	memcpy(&old, (u8 *)stress_slot_of(lane, sequence)->source.cpu + stress_start_of(sequence), sizeof(old));
	if (old != lane->word_seen)
		stress_error(lane->stress, "lane %u number %llu opcode %u: found 0x%llx, not 0x%llx", lane->number,
			     sequence, shape->opcode, old, lane->word_seen);
	if (shape->opcode == PB_OPCODE_FETCH_ADD)
		lane->word_seen += shape->pattern;
	else if (lane->word_seen == lane->compare[sequence % lane->stress->parameters.window])
		lane->word_seen = shape->pattern;
	if (lane->completed + 1 == lane->posted && *(u64 *)lane->word.cpu != lane->word_seen)
		stress_error(lane->stress, "lane %u number %llu: the word is 0x%llx, not 0x%llx", lane->number,
			     sequence, *(u64 *)lane->word.cpu, lane->word_seen);
}

void stress_check_remote(struct stress_lane *lane, u64 sequence, const struct stress_shape *shape)
{
	struct stress_slot *slot = stress_slot_of(lane, sequence);

	if (stress_is_atomic(shape->opcode)) {
		check_atomic(lane, sequence, shape);
	} else if (shape->opcode == PB_OPCODE_RDMA_READ) {
		stress_check_bytes(lane, &slot->source, stress_start_of(sequence), sequence, shape);
		stress_poison(lane, &slot->remote);
	} else if (shape->opcode == PB_OPCODE_RDMA_WRITE || shape->opcode == PB_OPCODE_RDMA_WRITE_IMM) {
		stress_check_bytes(lane, &slot->remote, stress_start_of(sequence), sequence, shape);
	}
}
