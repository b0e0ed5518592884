// SPDX-License-Identifier: GPL-2.0
/* Operations of a reliable connection beside SEND: RDMA, atomics, immediate data, inline data; by doorbell and by push. */
#include "selftest.h"

#define LOG_DEPTH 5
#define STRIDE_512 9
#define BYTES 32768
#define PIECES 3

struct rdma {
	struct selftest *t;
	struct pushbell_qp *pair[2];
	struct st_buffer *near, *far;	/* of the requester, of the responder */
	struct pushbell_mr *remote;	/* every right to all of memory */
};

static int open(struct rdma *r, struct selftest *t)
{
	*r = (struct rdma) { .t = t, .near = st_buffer(t, BYTES), .far = st_buffer(t, BYTES),
			     .remote = st_whole(t, NULL, ST_ALL_RIGHTS) };
	if (!r->near || !r->far || !r->remote)
		return -EIO;
	return st_rc_pair(t, LOG_DEPTH, STRIDE_512, PB_MTU_MTU_1024, r->pair);
}

static const u32 lengths[] = { 0, 1, 7, 1023, 1024, 1025, 4096, 30011 };

/* `length` bytes of the near buffer in three ranges with gaps. */
static void cut(struct rdma *r, u32 length, struct st_piece pieces[PIECES], struct pushbell_range ranges[PIECES])
{
	u32 at = 5, left = length, i;

	for (i = 0; i < PIECES; i++) {
		u32 bytes = i == PIECES - 1 ? left : length / PIECES;

		pieces[i] = (struct st_piece) { r->near, at, bytes };
		ranges[i] = st_range(r->t, r->near, at, bytes);
		at += bytes + 11;
		left -= bytes;
	}
}

static int one_write(struct rdma *r, u32 length, bool immediate, enum pushbell_how how)
{
	struct st_piece from[PIECES], to = { r->far, 77, length };
	struct pushbell_range ranges[PIECES];
	struct selftest *t = r->t;
	const struct pushbell_wc *wc;
	u32 value = 0xabcd0000 + length;

	st_scramble(r->near, length + how);
	cut(r, length, from, ranges);
	st_forget(t);
	if (immediate)
		ST_TRY(t, st_recv(r->pair[1], 2, NULL, 0));
	if (st_post(t, r->pair[0], (struct pushbell_wr) {
			.wr_id = 1, .opcode = immediate ? PB_OPCODE_RDMA_WRITE_IMM : PB_OPCODE_RDMA_WRITE,
			.gather = ranges, .gather_count = PIECES, .rkey = r->remote->object.handle,
			.remote_address = r->far->address + 77, .immediate = immediate ? value : 0 }, how))
		return -EIO;
	st_shadow_move(from, PIECES, &to, 1);
	if (st_wait_good(t, 1 + immediate))
		return -EIO;
	wc = st_find(t, 1, false);
	ST_EXPECT(t, wc && wc->byte_count == length && !wc->with_immediate, "%u bytes", length);
	if (!immediate)
		return st_verify(t);
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->with_immediate && wc->opcode == PB_OPCODE_RECV_RDMA_WITH_IMM, "%u bytes", length);
	ST_EQUAL(t, wc->immediate, value);
	ST_EQUAL(t, wc->byte_count, length);
	return st_verify(t);
}

static int writes(struct selftest *t, bool immediate)
{
	struct rdma r;
	unsigned int i, push;

	if (open(&r, t))
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		for (push = 0; push < 2; push++)
			if (one_write(&r, lengths[i], immediate, push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
	return st_drained(t, r.pair[0]);
}

static int write(struct selftest *t)
{
	return writes(t, false);
}

static int write_immediate(struct selftest *t)
{
	return writes(t, true);
}

static int read(struct selftest *t)
{
	struct pushbell_range ranges[PIECES];
	struct st_piece to[PIECES];
	struct rdma r;
	unsigned int i, push;

	if (open(&r, t))
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (push = 0; push < 2; push++) {
			struct st_piece from = { r.far, 33, lengths[i] };

			st_scramble(r.far, i + 20 * push);
			cut(&r, lengths[i], to, ranges);
			st_forget(t);
			if (st_post(t, r.pair[0], (struct pushbell_wr) {
					.wr_id = 1, .opcode = PB_OPCODE_RDMA_READ, .scatter = ranges, .scatter_count = PIECES,
					.rkey = r.remote->object.handle, .remote_address = r.far->address + 33 },
				    push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
			st_shadow_move(&from, 1, to, PIECES);
			if (st_wait_good(t, 1) || st_verify(t))
				return -EIO;
			ST_EQUAL(t, t->wc[0].byte_count, lengths[i]);
			ST_EQUAL(t, t->wc[0].opcode, PB_OPCODE_RDMA_READ);
		}
	}
	return st_drained(t, r.pair[0]);
}

/* The word at the start of the far buffer; the old value comes to `at` of the near one. */
static int one_atomic(struct rdma *r, u8 opcode, u64 swap_add, u64 compare, u32 at, enum pushbell_how how)
{
	struct pushbell_range to = st_range(r->t, r->near, at, 8);
	u64 *word = (u64 *)r->far->shadow;
	struct selftest *t = r->t;

	st_forget(t);
	if (st_post(t, r->pair[0], (struct pushbell_wr) {
			.wr_id = at, .opcode = opcode, .scatter = &to, .scatter_count = 1, .swap_add = swap_add,
			.compare = compare, .rkey = r->remote->object.handle, .remote_address = r->far->address }, how))
		return -EIO;
	memcpy(r->near->shadow + at, word, 8);
	if (opcode == PB_OPCODE_FETCH_ADD)
		*word += swap_add;
	else if (*word == compare)
		*word = swap_add;
	if (st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].byte_count, 8);
	ST_EQUAL(t, t->wc[0].opcode, opcode);
	return st_verify(t);
}

static int atomics(struct selftest *t)
{
	const u64 big = 0xffffffff00000001ULL;
	unsigned int push;
	struct rdma r;

	if (open(&r, t))
		return -EIO;
	for (push = 0; push < 2; push++) {
		enum pushbell_how how = push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL;

		st_scramble(r.far, push);
		if (one_atomic(&r, PB_OPCODE_FETCH_ADD, big, 0, 8, how) ||
		    one_atomic(&r, PB_OPCODE_FETCH_ADD, ~0ULL, 0, 19, how) ||
		    one_atomic(&r, PB_OPCODE_CMP_SWAP, 5, 4, 32, how) ||
		    one_atomic(&r, PB_OPCODE_CMP_SWAP, big, *(u64 *)r.far->shadow, 40, how) ||
		    one_atomic(&r, PB_OPCODE_CMP_SWAP, 1, big ^ 1ULL << 63, 48, how) ||
		    one_atomic(&r, PB_OPCODE_CMP_SWAP, 1, big, 56, how))
			return -EIO;
	}
	return st_drained(t, r.pair[0]);
}

#define ADDERS 4
#define ADDS 24

/* Many queue pairs add to one word: no addition is lost, and no two of them saw the same value. */
static int one_word(struct selftest *t)
{
	struct st_buffer *word = st_buffer(t, 8), *seen = st_buffer(t, ADDERS * ADDS * 8);
	struct pushbell_mr *remote = st_whole(t, NULL, ST_ALL_RIGHTS);
	DECLARE_BITMAP(values, ADDERS * ADDS) = { };
	struct pushbell_qp *pairs[ADDERS][2];
	unsigned int i, n;

	if (!word || !seen || !remote)
		return -EIO;
	memset(word->data, 0, 8);
	*(u64 *)word->shadow = ADDERS * ADDS;
	for (i = 0; i < ADDERS; i++)
		if (st_rc_pair(t, LOG_DEPTH, 7, PB_MTU_MTU_1024, pairs[i]))
			return -EIO;
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	for (n = 0; n < ADDS; n++)
		for (i = 0; i < ADDERS; i++) {
			struct pushbell_range to = st_range(t, seen, 8 * (ADDERS * n + i), 8);

			if (st_post(t, pairs[i][0], (struct pushbell_wr) {
					.wr_id = ADDERS * n + i, .opcode = PB_OPCODE_FETCH_ADD, .swap_add = 1,
					.scatter = &to, .scatter_count = 1, .rkey = remote->object.handle,
					.remote_address = word->address }, n % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
		}
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_good(t, ADDERS * ADDS))
		return -EIO;
	for (i = 0; i < ADDERS * ADDS; i++) {
		u64 value = ((u64 *)seen->data)[i];

		ST_EXPECT(t, value < ADDERS * ADDS && !test_bit(value, values), "value %llu", value);
		set_bit(value, values);
	}
	st_shadow_accept(seen, 0, seen->bytes);
	return 0;
}

static int send_immediate(struct selftest *t)
{
	static const u32 values[] = { 0, 1, 0xdeadbeef, ~0U };
	const struct pushbell_wc *wc;
	unsigned int i;
	struct rdma r;

	if (open(&r, t))
		return -EIO;
	for (i = 0; i < 8; i++) {
		u32 length = i < 4 ? 100 : 5000;
		struct pushbell_range from = st_range(t, r.near, 0, length), to = st_range(t, r.far, 0, length);

		st_scramble(r.near, i);
		st_forget(t);
		ST_TRY(t, st_recv(r.pair[1], 2, &to, 1));
		if (st_post(t, r.pair[0], (struct pushbell_wr) {
				.wr_id = 1, .opcode = PB_OPCODE_SEND_IMM, .gather = &from, .gather_count = 1,
				.immediate = values[i % 4] }, i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
			return -EIO;
		memcpy(r.far->shadow, r.near->shadow, length);
		if (st_wait_good(t, 2) || st_verify(t))
			return -EIO;
		wc = st_find(t, 2, true);
		ST_EXPECT(t, wc && wc->with_immediate && wc->opcode == PB_OPCODE_RECV, "message %u", i);
		ST_EQUAL(t, wc->immediate, values[i % 4]);
		ST_EQUAL(t, wc->byte_count, length);
		ST_EQUAL(t, wc->src_qpn, r.pair[0]->object.handle);
	}
	return st_drained(t, r.pair[0]);
}

/* What stands in a descriptor goes out as it was when it was posted. */
static int inline_data(struct selftest *t)
{
	static const u16 sizes[] = { 0, 1, 15, 16, 17, 100, PB_MAX_INLINE_PUSH, PB_MAX_INLINE };
	u8 bytes[PB_MAX_INLINE];
	unsigned int i, write;
	struct rdma r;

	if (open(&r, t))
		return -EIO;
	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		u16 size = sizes[i / 2];
		struct pushbell_range to = st_range(t, r.far, 0, size);

		for (write = 0; write < 2; write++) {
			struct pushbell_wr wr = { .wr_id = 1, .flags = PB_WQE_FLAG_INLINE,
				.opcode = write ? PB_OPCODE_RDMA_WRITE : PB_OPCODE_SEND,
				.inline_data = bytes, .inline_bytes = size };

			memset(bytes, 16 * i + write + 1, size);
			memcpy(r.far->shadow, bytes, size);
			st_forget(t);
			if (write) {
				wr.rkey = r.remote->object.handle;
				wr.remote_address = r.far->address;
			} else {
				ST_TRY(t, st_recv(r.pair[1], 2, &to, 1));
			}
			if (st_post(t, r.pair[0], wr, i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
			memset(bytes, 0, size);
			if (st_wait_good(t, write ? 1 : 2) || st_verify(t))
				return -EIO;
		}
	}
	return st_drained(t, r.pair[0]);
}

const struct st_case st_rdma_cases[] = {
	{ "rdma-write", "RDMA WRITE of every shape", write },
	{ "rdma-write-imm", "RDMA WRITE with immediate takes a receive and carries its value", write_immediate },
	{ "rdma-read", "RDMA READ of every shape", read },
	{ "atomics", "compare-and-swap and fetch-and-add, by doorbell and push", atomics },
	{ "one-word", "additions of many queue pairs to one word", one_word },
	{ "send-imm", "SEND with immediate", send_immediate },
	{ "inline", "inline data of every length, by doorbell and push", inline_data },
	{ }
};
