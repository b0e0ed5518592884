// SPDX-License-Identifier: GPL-2.0
/* What a peer may not do: each refusal has its status at the requester and its event at the responder. And fences. */
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define BYTES 4096
#define IOVA 0x500000000ULL

struct remote {
	struct selftest *t;
	struct pushbell_qp *pair[2];
	struct st_buffer *near, *far;
	struct pushbell_mr *all;	/* the far buffer, every right */
	struct pushbell_mr *none;	/* the same, none but the local one */
	struct pushbell_mr *foreign;	/* the same, in another domain */
};

struct offence {
	const char *what;
	u8 opcode, status;
	u32 event;
	void (*commit)(struct remote *r, struct pushbell_wr *wr);
};

static void no_right(struct remote *r, struct pushbell_wr *wr)
{
	wr->rkey = r->none->object.handle;
}

static void stale_key(struct remote *r, struct pushbell_wr *wr)
{
	wr->rkey = r->all->object.handle ^ 1;
}

static void unknown_key(struct remote *r, struct pushbell_wr *wr)
{
	wr->rkey = ~0U;
}

static void foreign_key(struct remote *r, struct pushbell_wr *wr)
{
	wr->rkey = r->foreign->object.handle;
}

static void beyond_end(struct remote *r, struct pushbell_wr *wr)
{
	wr->remote_address = IOVA + BYTES - 4;
}

static void before_start(struct remote *r, struct pushbell_wr *wr)
{
	wr->remote_address = IOVA - 8;
}

static void misaligned(struct remote *r, struct pushbell_wr *wr)
{
	wr->remote_address = IOVA + 4;
}

#define ACCESS_ERR PB_WC_STATUS_REM_ACCESS_ERR, PB_EVENT_TYPE_QP_ACCESS_ERROR
#define REQUEST_ERR PB_WC_STATUS_REM_INV_REQ_ERR, PB_EVENT_TYPE_QP_REQUEST_ERROR

static const struct offence offences[] = {
	{ "WRITE without the right", PB_OPCODE_RDMA_WRITE, ACCESS_ERR, no_right },
	{ "READ without the right", PB_OPCODE_RDMA_READ, ACCESS_ERR, no_right },
	{ "atomic without the right", PB_OPCODE_FETCH_ADD, ACCESS_ERR, no_right },
	{ "WRITE with a stale key", PB_OPCODE_RDMA_WRITE, ACCESS_ERR, stale_key },
	{ "READ with an unknown key", PB_OPCODE_RDMA_READ, ACCESS_ERR, unknown_key },
	{ "atomic with a key of another domain", PB_OPCODE_CMP_SWAP, ACCESS_ERR, foreign_key },
	{ "WRITE beyond the end", PB_OPCODE_RDMA_WRITE, ACCESS_ERR, beyond_end },
	{ "READ before the start", PB_OPCODE_RDMA_READ, ACCESS_ERR, before_start },
	{ "atomic at an odd address", PB_OPCODE_FETCH_ADD, REQUEST_ERR, misaligned },
};

static int offend(struct remote *r, const struct offence *o)
{
	struct pushbell_range range = st_range(r->t, r->near, 0, 8);
	bool write = o->opcode == PB_OPCODE_RDMA_WRITE;
	struct pushbell_wr wr = {
		.wr_id = 1, .opcode = o->opcode, .rkey = r->all->object.handle, .remote_address = IOVA,
		.gather = &range, .gather_count = write, .scatter = &range, .scatter_count = !write,
	};
	struct selftest *t = r->t;
	u32 peer = r->pair[1]->object.handle;
	unsigned int times = st_times_told(t, o->event, peer);

	o->commit(r, &wr);
	st_forget(t);
	if (st_post(t, r->pair[0], wr, PUSHBELL_DOORBELL) || st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, o->status);
	if (st_wait_told(t, o->event, peer, times + 1) || st_state(t, r->pair[0], PB_QP_STATE_ERR) ||
	    st_state(t, r->pair[1], PB_QP_STATE_ERR) || st_verify(t))
		return -EIO;
	return st_reconnect(t, r->pair, PB_MTU_MTU_1024);
}

/* The queue pair itself gives the peer nothing, whatever the region allows. */
static int shut(struct remote *r)
{
	struct pushbell_path path = pushbell_path_to_self(r->t->pb, r->pair[0]->object.handle, PB_MTU_MTU_1024, 7, 7);
	struct pushbell_range range = st_range(r->t, r->near, 0, 8);
	struct selftest *t = r->t;

	path.access = 0;
	ST_TRY(t, pushbell_qp_reset(r->pair[1]));
	ST_TRY(t, pushbell_qp_connect_path(r->pair[1], &path));
	st_forget(t);
	if (st_post(t, r->pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_RDMA_WRITE, .gather = &range,
			.gather_count = 1, .rkey = r->all->object.handle, .remote_address = IOVA }, PUSHBELL_PUSH) ||
	    st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_REM_ACCESS_ERR);
	return st_verify(t);
}

static int refusals(struct selftest *t)
{
	struct remote r = { .t = t, .near = st_buffer(t, BYTES), .far = st_buffer(t, BYTES) };
	struct pushbell_pd *pd = st_pd(t);
	unsigned int i;
	u64 page;

	if (!r.near || !r.far || !pd || st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, r.pair))
		return -EIO;
	page = r.far->address;
	r.all = st_mr(t, NULL, ST_ALL_RIGHTS, IOVA, BYTES, &page, 1);
	r.none = st_mr(t, NULL, PB_ACCESS_LOCAL_WRITE, IOVA, BYTES, &page, 1);
	r.foreign = st_mr(t, pd, ST_ALL_RIGHTS, IOVA, BYTES, &page, 1);
	if (!r.all || !r.none || !r.foreign)
		return -EIO;
	st_scramble(r.near, 3);
	for (i = 0; i < ARRAY_SIZE(offences); i++)
		if (offend(&r, &offences[i])) {
			st_note(t, "%s", offences[i].what);
			return -EIO;
		}
	return shut(&r);
}

/* A fenced SEND takes up what the READ before it has brought. */
static int fence(struct selftest *t)
{
	struct st_buffer *far = st_buffer(t, 20000), *near = st_buffer(t, 20000), *target = st_buffer(t, 20000);
	struct pushbell_mr *remote = st_whole(t, NULL, ST_ALL_RIGHTS);
	struct pushbell_range here, there;
	struct pushbell_qp *pair[2];
	unsigned int i;

	if (!far || !near || !target || !remote || st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, pair))
		return -EIO;
	here = st_range(t, near, 0, 20000);
	there = st_range(t, target, 0, 20000);
	for (i = 0; i < 4; i++) {
		st_scramble(far, i);
		memcpy(near->shadow, far->shadow, 20000);
		memcpy(target->shadow, far->shadow, 20000);
		st_forget(t);
		ST_TRY(t, st_recv(pair[1], 3, &there, 1));
		if (st_post(t, pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_RDMA_READ, .scatter = &here,
				.scatter_count = 1, .rkey = remote->object.handle, .remote_address = far->address },
			    PUSHBELL_DOORBELL) ||
		    st_post(t, pair[0], (struct pushbell_wr) { .wr_id = 2, .opcode = PB_OPCODE_SEND, .gather = &here,
				.gather_count = 1, .flags = PB_WQE_FLAG_FENCE }, i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
			return -EIO;
		if (st_wait_good(t, 3) || st_verify(t))
			return -EIO;
		ST_EXPECT(t, st_place(t, 1) < st_place(t, 2), "round %u", i);
	}
	return 0;
}

const struct st_case st_remote_cases[] = {
	{ "remote-refusals", "what a peer may not do ends in its status, its event, and touches nothing", refusals },
	{ "fence", "a fenced SEND comes after the READ before it", fence },
	{ }
};
