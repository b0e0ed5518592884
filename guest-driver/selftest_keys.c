// SPDX-License-Identifier: GPL-2.0
/* Regions whose memory changes while they live: fast registration, invalidation by both sides, re-registration. */
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define PAGES 4
#define BYTES (PAGES * PAGE_SIZE)
#define IOVA 0x700000000ULL
#define OFFSET 0x123		/* of the first byte in its page */
#define LENGTH 9000

struct keys {
	struct selftest *t;
	struct pushbell_qp *pair[2];	/* who writes; whose region it is */
	struct st_buffer *near, *far;
	struct pushbell_mr *mr;
};

static int open(struct keys *k, struct selftest *t)
{
	*k = (struct keys) { .t = t, .near = st_buffer(t, BYTES), .far = st_buffer(t, BYTES), .mr = st_fast(t, PAGES) };
	if (!k->near || !k->far || !k->mr)
		return -EIO;
	return st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, k->pair);
}

/* The pages of the far buffer, `first` first and then backwards. */
static struct pushbell_registration pages_from(struct keys *k, unsigned int first, u32 count)
{
	__le64 *list = k->mr->list.cpu;
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		list[i] = cpu_to_le64(k->far->address + (first + PAGES - i) % PAGES * PAGE_SIZE);
	return (struct pushbell_registration) {
		.iova = IOVA + OFFSET, .length = LENGTH, .page_list = k->mr->list.bus, .page_count = count,
		.page_shift = PAGE_SHIFT, .access = ST_ALL_RIGHTS,
	};
}

/* One operation of whose region it is, ending as said. */
static int manage(struct keys *k, struct pushbell_qp *qp, u8 opcode, u32 key, const struct pushbell_registration *reg,
		  u8 status)
{
	struct selftest *t = k->t;

	st_forget(t);
	if (st_post(t, qp, (struct pushbell_wr) { .wr_id = 9, .opcode = opcode, .key = key, .registration = reg },
		    PUSHBELL_PUSH) || st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, status);
	ST_EQUAL(t, t->wc[0].opcode, opcode);
	return 0;
}

static int write(struct keys *k, u32 key, u8 status)
{
	struct pushbell_range from = st_range(k->t, k->near, 0, LENGTH);
	struct selftest *t = k->t;

	st_forget(t);
	if (st_post(t, k->pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_RDMA_WRITE, .gather = &from,
			.gather_count = 1, .rkey = key, .remote_address = IOVA + OFFSET }, PUSHBELL_DOORBELL) ||
	    st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, status);
	return 0;
}

/* Where the bytes have to be: through the list, page by page. */
static void expect_written(struct keys *k, unsigned int first)
{
	u32 at;

	for (at = 0; at < LENGTH; at++) {
		u32 page = (OFFSET + at) / PAGE_SIZE, in_page = (OFFSET + at) % PAGE_SIZE;

		k->far->shadow[(first + PAGES - page) % PAGES * PAGE_SIZE + in_page] = k->near->shadow[at];
	}
}

static int is_valid(struct keys *k, u32 valid)
{
	struct selftest *t = k->t;
	struct pb_cmd_mr_out out;

	ST_TRY(t, pushbell_mr_query(k->mr, &out));
	ST_EQUAL(t, le32_to_cpu(out.valid), valid);
	return 0;
}

/* Registered, used, invalidated, refused: once round for each of several sets of pages, the keys of before stale. */
static int fast_register(struct selftest *t)
{
	unsigned int round;
	struct keys k;
	u32 old = 0;

	if (open(&k, t))
		return -EIO;
	for (round = 0; round < 4; round++) {
		struct pushbell_registration reg = pages_from(&k, round, 3);
		u32 key = pushbell_mr_next_key(k.mr);

		st_scramble(k.near, round);
		if (manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key, &reg, PB_WC_STATUS_SUCCESS) || is_valid(&k, 1) ||
		    write(&k, key, PB_WC_STATUS_SUCCESS))
			return -EIO;
		expect_written(&k, round);
		if (st_verify(t))
			return -EIO;
		if (old && (write(&k, old, PB_WC_STATUS_REM_ACCESS_ERR) || st_reconnect(t, k.pair, PB_MTU_MTU_1024)))
			return -EIO;
		if (manage(&k, k.pair[1], PB_OPCODE_LOCAL_INV, key, NULL, PB_WC_STATUS_SUCCESS) || is_valid(&k, 0) ||
		    write(&k, key, PB_WC_STATUS_REM_ACCESS_ERR) || st_verify(t) ||
		    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
			return -EIO;
		old = key;
	}
	return 0;
}

/* Refused, each with its status; the region stays what it was. */
static int bad_registrations(struct selftest *t)
{
	struct pushbell_registration good, reg;
	struct pushbell_qp *plain[2];
	struct keys k;
	u32 key;

	if (open(&k, t) || st_pair(t, (struct pushbell_qp_parameters) { .type = PB_QP_TYPE_RC,
			.send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128 }, PB_MTU_MTU_1024, plain))
		return -EIO;
	reg = good = pages_from(&k, 0, 3);
	key = pushbell_mr_next_key(k.mr);
	if (manage(&k, plain[0], PB_OPCODE_FAST_REG, key, &good, PB_WC_STATUS_LOC_QP_OP_ERR) || is_valid(&k, 0))
		return -EIO;
	if (manage(&k, k.pair[1], PB_OPCODE_LOCAL_INV, key, NULL, PB_WC_STATUS_MW_BIND_ERR) ||
	    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	reg.page_count = PAGES + 1;
	if (manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key, &reg, PB_WC_STATUS_MW_BIND_ERR) || is_valid(&k, 0) ||
	    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	reg = good;
	reg.access = PB_ACCESS_REMOTE_WRITE;	/* without LOCAL_WRITE */
	if (manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key, &reg, PB_WC_STATUS_MW_BIND_ERR) || is_valid(&k, 0) ||
	    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	if (manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key, &good, PB_WC_STATUS_SUCCESS) ||
	    manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key + 1, &good, PB_WC_STATUS_MW_BIND_ERR) || is_valid(&k, 1) ||
	    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	return manage(&k, k.pair[1], PB_OPCODE_LOCAL_INV, t->pb->mr.object.handle, NULL, PB_WC_STATUS_MW_BIND_ERR);
}

static int send_with_invalidate(struct keys *k, u32 key, u32 length, u8 status)
{
	struct pushbell_range from = st_range(k->t, k->near, 0, length), to = st_range(k->t, k->far, 0, length);
	struct selftest *t = k->t;
	const struct pushbell_wc *wc;

	st_forget(t);
	ST_TRY(t, st_recv(k->pair[1], 2, &to, 1));
	if (st_post(t, k->pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_SEND_INV, .gather = &from,
			.gather_count = 1, .key = key }, PUSHBELL_PUSH) || st_wait(t, 2))
		return -EIO;
	wc = st_find(t, 1, false);
	ST_EXPECT(t, wc && wc->status == status, "status %d", wc ? wc->status : -1);
	if (status != PB_WC_STATUS_SUCCESS)
		return 0;
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->with_invalidate && wc->immediate == key, "key 0x%x", key);
	memcpy(k->far->shadow, k->near->shadow, length);
	return st_verify(t);
}

static int send_invalidate(struct selftest *t)
{
	static const u32 lengths[] = { 64, 3000 };
	struct pushbell_registration reg;
	struct keys k;
	unsigned int i;
	u32 key;

	if (open(&k, t))
		return -EIO;
	st_scramble(k.near, 5);
	reg = pages_from(&k, 0, 3);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		key = pushbell_mr_next_key(k.mr);
		if (manage(&k, k.pair[1], PB_OPCODE_FAST_REG, key, &reg, PB_WC_STATUS_SUCCESS) ||
		    send_with_invalidate(&k, key, lengths[i], PB_WC_STATUS_SUCCESS) || is_valid(&k, 0) ||
		    write(&k, key, PB_WC_STATUS_REM_ACCESS_ERR) || st_reconnect(t, k.pair, PB_MTU_MTU_1024))
			return -EIO;
	}
	/* A region that is no such region. */
	if (send_with_invalidate(&k, t->pb->mr.object.handle, 64, PB_WC_STATUS_REM_ACCESS_ERR))
		return -EIO;
	st_shadow_accept(k.far, 0, 64);	/* whether the message is there is not promised */
	return st_wait_told(t, PB_EVENT_TYPE_QP_ACCESS_ERROR, k.pair[1]->object.handle, 3);
}

/* New rights, then new memory: the key changes each time, and the one before it is worth nothing. */
static int reregister(struct selftest *t)
{
	struct pushbell_mr *mr;
	u64 pages[2];
	struct keys k;
	u32 first, second;

	if (open(&k, t))
		return -EIO;
	st_scramble(k.near, 6);
	pages[0] = k.far->address;
	pages[1] = k.far->address + 2 * PAGE_SIZE;
	mr = st_mr(t, NULL, PB_ACCESS_LOCAL_WRITE, IOVA, BYTES / 2, pages, 2);
	if (!mr)
		return -EIO;
	first = mr->object.handle;
	ST_TRY(t, pushbell_mr_rights(mr, NULL, ST_ALL_RIGHTS));
	second = mr->object.handle;
	ST_EXPECT(t, first != second, "key 0x%x", first);
	if (write(&k, first, PB_WC_STATUS_REM_ACCESS_ERR) || st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	ST_TRY(t, pushbell_mr_move(mr, ST_ALL_RIGHTS, IOVA + OFFSET, LENGTH, PAGE_SHIFT,
				   (u64[]) { k.far->address + PAGE_SIZE, k.far->address, k.far->address + 3 * PAGE_SIZE },
				   3));
	if (write(&k, second, PB_WC_STATUS_REM_ACCESS_ERR) || st_verify(t) ||
	    st_reconnect(t, k.pair, PB_MTU_MTU_1024))
		return -EIO;
	if (write(&k, mr->object.handle, PB_WC_STATUS_SUCCESS))
		return -EIO;
	expect_written(&k, 1);
	return st_verify(t);
}

const struct st_case st_key_cases[] = {
	{ "fast-register", "FAST_REG gives a region memory, LOCAL_INV takes it away", fast_register },
	{ "bad-registrations", "registrations that cannot be are refused and change nothing", bad_registrations },
	{ "send-inv", "SEND with invalidate takes the receiver's region away", send_invalidate },
	{ "reregister", "a region gets other rights and other memory under another key", reregister },
	{ }
};
