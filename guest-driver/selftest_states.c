// SPDX-License-Identifier: GPL-2.0
/* States beside the straight way up: drained, send queue in error, connection seen from RTR; the port down; 2 GiB. */
#include <linux/delay.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "selftest.h"

#define LOG_DEPTH 5
#define STRIDE_128 7
#define BYTES 512
#define BACKLOG 8

struct states {
	struct selftest *t;
	struct pushbell_qp *pair[2];
	struct st_buffer *from, *to;
};

static int open(struct states *s, struct selftest *t)
{
	*s = (struct states) { .t = t, .from = st_buffer(t, BYTES), .to = st_buffer(t, BYTES) };
	if (!s->from || !s->to || st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, s->pair))
		return -EIO;
	st_scramble(s->from, 1);
	memcpy(s->to->shadow, s->from->shadow, BYTES);
	return 0;
}

static int backlog(struct states *s, u64 first, unsigned int count)
{
	struct pushbell_range from = st_range(s->t, s->from, 0, BYTES), to = st_range(s->t, s->to, 0, BYTES);
	struct selftest *t = s->t;
	unsigned int i;

	for (i = 0; i < count; i++) {
		ST_TRY(t, st_recv(s->pair[1], 1000 + first + i, &to, 1));
		ST_TRY(t, st_send(s->pair[0], first + i, &from, 1, i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
	}
	return 0;
}

static int drain(struct pushbell_qp *qp)
{
	struct pb_cmd_modify_qp in = { .attr_mask = cpu_to_le32(PB_QP_ATTR_STATE | PB_QP_ATTR_SQD_EVENT),
				       .state = PB_QP_STATE_SQD, .sqd_event = 1 };

	return pushbell_qp_modify(qp, &in);
}

/* Nothing had begun: nothing does while it is drained, and all of it, in order, when it goes on. */
static int drained(struct selftest *t)
{
	struct pb_cmd_qp_out out;
	struct states s;
	unsigned int i;
	u32 number;

	if (open(&s, t))
		return -EIO;
	number = s.pair[0]->object.handle;
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	if (backlog(&s, 0, BACKLOG))
		return -EIO;
	ST_TRY(t, drain(s.pair[0]));
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_told(t, PB_EVENT_TYPE_SQ_DRAINED, number, 1) || st_state(t, s.pair[0], PB_QP_STATE_SQD) ||
	    backlog(&s, BACKLOG, BACKLOG))
		return -EIO;
	ST_TRY(t, pushbell_qp_query(s.pair[0], &out));
	ST_EQUAL(t, out.draining, 0);
	ST_EQUAL(t, le32_to_cpu(out.send_consumer), 0);
	ST_EQUAL(t, le32_to_cpu(out.send_producer), 2 * BACKLOG);
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, ST_WCS), 0);
	ST_TRY(t, pushbell_qp_step(s.pair[0], PB_QP_STATE_RTS, 0, NULL));
	if (st_wait_good(t, 4 * BACKLOG) || st_drained(t, s.pair[0]))
		return -EIO;
	for (i = 1; i < 2 * BACKLOG; i++)
		ST_EXPECT(t, st_place(t, i - 1) < st_place(t, i), "work request %u", i);
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_SQ_DRAINED, number), 1);
	return 0;
}

/* Packets go; the link stops in the middle of a message, which the rate makes last for seconds. */
static int hold_in_the_middle(struct selftest *t, u32 sent_before, u32 rate_mbps)
{
	unsigned long end = jiffies + msecs_to_jiffies(ST_DEADLINE_MS);
	struct pb_cmd_link link;

	do {
		ST_EXPECT(t, time_before(jiffies, end), "no packet");
		ST_TRY(t, pushbell_query_link(t->pb, &link));
	} while (le32_to_cpu(link.packets_sent) == sent_before);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, rate_mbps));
	return 0;
}

/* What has begun ends before the event; nothing after it begins. */
static int drained_in_the_middle(struct selftest *t)
{
	const u32 bytes = SZ_512K, rate_mbps = 2;
	struct st_buffer *from = st_buffer(t, bytes), *to = st_buffer(t, bytes);
	struct pushbell_range source, target;
	struct pushbell_qp *pair[2];
	struct pb_cmd_link link;
	struct pb_cmd_qp_out out;
	unsigned int i;

	if (!from || !to || st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_4096, pair))
		return -EIO;
	st_scramble(from, 1);
	memcpy(to->shadow, from->shadow, bytes);
	source = st_range(t, from, 0, bytes);
	target = st_range(t, to, 0, bytes);
	ST_TRY(t, pushbell_query_link(t->pb, &link));
	ST_TRY(t, pushbell_set_link(t->pb, 0, rate_mbps));
	for (i = 0; i < BACKLOG; i++) {
		ST_TRY(t, st_recv(pair[1], 1000 + i, &target, 1));
		ST_TRY(t, st_send(pair[0], i, &source, 1, PUSHBELL_DOORBELL));
	}
	if (hold_in_the_middle(t, le32_to_cpu(link.packets_sent), rate_mbps))
		return -EIO;
	ST_TRY(t, drain(pair[0]));
	ST_TRY(t, pushbell_qp_query(pair[0], &out));
	ST_EQUAL(t, out.draining, 1);
	ST_EQUAL(t, le32_to_cpu(out.send_consumer), 0);
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_SQ_DRAINED, pair[0]->object.handle), 0);
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_told(t, PB_EVENT_TYPE_SQ_DRAINED, pair[0]->object.handle, 1) || st_wait_good(t, 2))
		return -EIO;
	ST_TRY(t, pushbell_qp_query(pair[0], &out));
	ST_EQUAL(t, out.draining, 0);
	ST_EQUAL(t, le32_to_cpu(out.send_consumer), 1);	/* no more than the one that had begun */
	ST_TRY(t, pushbell_qp_step(pair[0], PB_QP_STATE_RTS, 0, NULL));
	return st_wait_good(t, 2 * BACKLOG) ? -EIO : st_drained(t, pair[0]);
}

/* A bad send stops the sends of an unreliable queue pair; its receives go on, and software starts it again. */
static int send_error(struct selftest *t)
{
	struct states s = { .t = t, .from = st_buffer(t, BYTES), .to = st_buffer(t, BYTES) };
	struct pushbell_range bad, from, to;

	if (!s.from || !s.to || st_pair(t, (struct pushbell_qp_parameters) { .type = PB_QP_TYPE_UC,
			.send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128 }, PB_MTU_MTU_1024, s.pair))
		return -EIO;
	st_scramble(s.from, 1);
	memcpy(s.to->shadow, s.from->shadow, BYTES);
	from = st_range(t, s.from, 0, BYTES);
	to = st_range(t, s.to, 0, BYTES);
	bad = from;
	bad.lkey ^= 1;
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	ST_TRY(t, st_send(s.pair[0], 1, &bad, 1, PUSHBELL_DOORBELL));
	ST_TRY(t, st_send(s.pair[0], 2, &from, 1, PUSHBELL_DOORBELL));
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait(t, 2))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_LOC_PROT_ERR);
	ST_EQUAL(t, t->wc[1].status, PB_WC_STATUS_WR_FLUSH_ERR);
	if (st_state(t, s.pair[0], PB_QP_STATE_SQE))
		return -EIO;
	/* To it. */
	st_forget(t);
	ST_TRY(t, st_recv(s.pair[0], 3, &to, 1));
	ST_TRY(t, st_send(s.pair[1], 4, &from, 1, PUSHBELL_DOORBELL));
	if (st_wait_good(t, 2) || st_verify(t))
		return -EIO;
	ST_TRY(t, pushbell_qp_step(s.pair[0], PB_QP_STATE_RTS, 0, NULL));
	st_forget(t);
	ST_TRY(t, st_recv(s.pair[1], 5, &to, 1));
	ST_TRY(t, st_send(s.pair[0], 6, &from, 1, PUSHBELL_PUSH));
	return st_wait_good(t, 2);
}

/* The first packet that a queue pair in RTR gets is told. */
static int established(struct selftest *t)
{
	struct pushbell_path path;
	struct states s;
	u32 number;

	if (open(&s, t))
		return -EIO;
	number = s.pair[1]->object.handle;
	path = pushbell_path_to_self(t->pb, s.pair[0]->object.handle, PB_MTU_MTU_1024, 5, 0xfffff0);
	ST_TRY(t, pushbell_qp_reset(s.pair[1]));
	ST_TRY(t, pushbell_qp_step(s.pair[1], PB_QP_STATE_INIT, PB_QP_ATTR_PKEY_INDEX | PB_QP_ATTR_PORT |
				   PB_QP_ATTR_ACCESS, &path));
	ST_TRY(t, pushbell_qp_step(s.pair[1], PB_QP_STATE_RTR, PB_QP_ATTR_AV | PB_QP_ATTR_MTU | PB_QP_ATTR_DEST_QPN |
				   PB_QP_ATTR_RQ_PSN | PB_QP_ATTR_MAX_DEST_RD_ATOMIC | PB_QP_ATTR_MIN_RNR_TIMER, &path));
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_COMM_ESTABLISHED, number), 0);
	if (backlog(&s, 0, 2) || st_wait_good(t, 4))
		return -EIO;
	return st_wait_told(t, PB_EVENT_TYPE_COMM_ESTABLISHED, number, 1);
}

/* Down: told, nothing passes. Up: told, and everything that waited goes. */
static int port(struct selftest *t)
{
	struct pb_cmd_port_out out;
	struct states s;

	if (open(&s, t))
		return -EIO;
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_PORT, 0));
	if (st_wait_told(t, PB_EVENT_TYPE_PORT_ERROR, 1, 1) || backlog(&s, 0, BACKLOG))
		return -EIO;
	ST_TRY(t, pushbell_query_port(t->pb, &out));
	ST_EQUAL(t, le32_to_cpu(out.state), PB_PORT_STATE_DOWN);
	ST_EQUAL(t, pushbell_cq_poll(t->cq, t->wc, ST_WCS), 0);
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_told(t, PB_EVENT_TYPE_PORT_ACTIVE, 1, 1) || st_wait_good(t, 2 * BACKLOG))
		return -EIO;
	ST_TRY(t, pushbell_query_port(t->pb, &out));
	ST_EQUAL(t, le32_to_cpu(out.state), PB_PORT_STATE_ACTIVE);
	ST_EQUAL(t, st_times_told(t, PB_EVENT_TYPE_PORT_ERROR, 1), 1);
	return 0;
}

#define CHUNK_SHIFT 21
#define CHUNK BIT(CHUNK_SHIFT)
#define WINDOW 4		/* chunks of real memory on each side */
#define HUGE_IOVA 0x10000000000ULL

/* A region of `bytes` whose pages are the same few chunks over and over. */
static struct pushbell_mr *repeated(struct selftest *t, struct pushbell_memory *memory, u64 bytes)
{
	struct pushbell_mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	u32 count = bytes >> CHUNK_SHIFT, i;
	u64 *pages = kmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	int ret = mr && pages ? 0 : -ENOMEM;

	for (i = 0; !ret && i < count; i++)
		pages[i] = memory[i % WINDOW].bus;
	if (!ret)
		ret = pushbell_mr_create_list(&t->pb->pd, ST_ALL_RIGHTS, HUGE_IOVA, bytes, CHUNK_SHIFT, pages, count, mr);
	kfree(pages);
	return st_keep_mr(t, mr, ret);
}

static int huge_write(struct selftest *t, struct pushbell_memory memory[2 * WINDOW], u64 bytes)
{
	struct pushbell_mr *source = repeated(t, memory, bytes), *target = repeated(t, memory + WINDOW, bytes);
	struct pushbell_qp *pair[2];
	struct pushbell_range from;
	unsigned int i, tries = 0;

	if (!source || !target || st_rc_pair(t, 2, STRIDE_128, PB_MTU_MTU_4096, pair))
		return -EIO;
	for (i = 0; i < WINDOW; i++) {
		memset32(memory[i].cpu, 0x01000193 * (i + 1), CHUNK / 4);
		memset(memory[WINDOW + i].cpu, 0, CHUNK);
	}
	from = (struct pushbell_range) { HUGE_IOVA, bytes, source->object.handle };
	if (st_post(t, pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_RDMA_WRITE, .gather = &from,
			.gather_count = 1, .rkey = target->object.handle, .remote_address = HUGE_IOVA }, PUSHBELL_PUSH))
		return -EIO;
	/* As long as it takes, while it moves. */
	while (!t->wc_count && tries++ < 16) {
		pushbell_cq_arm(t->cq, false);
		if (st_wait_event(t, &t->event))
			t->wc_count = pushbell_cq_poll(t->cq, t->wc, ST_WCS);
	}
	ST_EQUAL(t, t->wc_count, 1);
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_SUCCESS);
	ST_EQUAL(t, t->wc[0].byte_count, (u32)bytes);
	for (i = 0; i < WINDOW; i++)
		ST_EXPECT(t, !memcmp(memory[i].cpu, memory[WINDOW + i].cpu, CHUNK), "chunk %u", i);
	return 0;
}

static int huge_message(struct selftest *t, u64 bytes)
{
	struct pushbell_memory memory[2 * WINDOW] = { };
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(memory) && !ret; i++)
		ret = pushbell_memory_alloc(t->pb, CHUNK, &memory[i]);
	if (!ret)
		ret = huge_write(t, memory, bytes);
	else
		st_note(t, "no memory: %d", ret);
	/* The queue pair goes first: only then is the memory nobody's. */
	while (t->qp_count && !pushbell_qp_destroy(t->qps[t->qp_count - 1]))
		t->qp_count--;
	for (i = 0; i < ARRAY_SIZE(memory) && !t->qp_count; i++)
		pushbell_memory_free(t->pb, &memory[i]);
	return ret;
}

static int large(struct selftest *t)
{
	return huge_message(t, SZ_32M);
}

static int huge(struct selftest *t)
{
	return huge_message(t, PB_MAX_MESSAGE_BYTES);
}

const struct st_case st_state_cases[] = {
	{ "drained", "a drained send queue stands still and goes on", drained },
	{ "drained-middle", "a send queue drains in the middle of a message", drained_in_the_middle },
	{ "send-error", "an error of an unreliable send stops sends alone", send_error },
	{ "established", "the first packet of a connection is told", established },
	{ "port", "the port goes down and up, and tells", port },
	{ "large", "one message of 32 MiB, over pages of 2 MiB", large },
	{ "huge", "one message of 2 GiB, over pages of 2 MiB", huge, .alone = true },
	{ }
};
