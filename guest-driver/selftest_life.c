// SPDX-License-Identifier: GPL-2.0
/* Interrupts, commands that are refused, objects in use, and reset. */
#include <linux/delay.h>
#include "selftest.h"

#define LOG_DEPTH 6
#define STRIDE_64 6

static int post_nop(struct pushbell_qp *qp, u64 wr_id)
{
	return pushbell_post_send(qp, &(struct pushbell_wr) { .wr_id = wr_id, .opcode = PB_OPCODE_NOP,
				  .flags = PB_WQE_FLAG_SIGNALED }, PUSHBELL_DOORBELL);
}

/* Each event queue's vector reaches its handler; an armed completion queue gives one event, and one only. */
static int interrupts(struct selftest *t)
{
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_64);
	u64 before;
	unsigned int i;

	if (!qp)
		return -EIO;
	for (i = 0; i < t->pb->eq_count; i++) {
		struct pushbell_eq *eq = &t->pb->eqs[i];

		before = READ_ONCE(eq->interrupts);
		writel(eq->vector, t->pb->registers + PB_REG_INTERRUPT_TEST);
		if (st_wait_for(t, &eq->interrupts, before + 1))
			return -EIO;
	}
	before = READ_ONCE(t->cq->eq->events);
	for (i = 0; i < 5; i++) {
		reinit_completion(&t->event);
		pushbell_cq_arm(t->cq, false);
		ST_TRY(t, post_nop(qp, 2 * i));
		ST_TRY(t, post_nop(qp, 2 * i + 1));	/* not armed any more for this one */
		ST_EXPECT(t, st_wait_event(t, &t->event), "round %u", i);
		while (t->wc_count < 2 * (i + 1))
			t->wc_count += pushbell_cq_poll(t->cq, &t->wc[t->wc_count], 1);
	}
	ST_EQUAL(t, READ_ONCE(t->events), 5);
	ST_EQUAL(t, READ_ONCE(t->cq->eq->events), before + 5);
	/* Completions that are there already give the event at once. */
	ST_TRY(t, post_nop(qp, 100));
	ST_TRY(t, st_drained(t, qp));
	reinit_completion(&t->event);
	pushbell_cq_arm(t->cq, false);
	ST_EXPECT(t, st_wait_event(t, &t->event), "late arming");
	return 0;
}

/* Armed for solicited completions, the queue keeps silent about others. */
static int solicited(struct selftest *t)
{
	struct pushbell_wr wr = { .opcode = PB_OPCODE_SEND };
	struct pushbell_cq *cq = st_cq(t, 6);
	struct pushbell_qp_parameters parameters = {
		.type = PB_QP_TYPE_RC, .recv_cq = cq,
		.send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_64,
		.recv_log_depth = LOG_DEPTH, .recv_log_stride = STRIDE_64,
	};
	struct pushbell_qp *qp = cq ? st_qp(t, &parameters) : NULL;
	struct pushbell_wc wc[3];

	if (!qp)
		return -EIO;
	/* A queue pair may be its own peer. */
	ST_TRY(t, pushbell_qp_connect(qp, qp->object.handle, PB_MTU_MTU_256, 7, 7));
	ST_TRY(t, st_recv(qp, 1, NULL, 0));
	ST_TRY(t, st_recv(qp, 2, NULL, 0));
	pushbell_cq_arm(cq, true);
	ST_TRY(t, pushbell_post_send(qp, &wr, PUSHBELL_DOORBELL));
	ST_TRY(t, st_drained(t, qp));
	ST_EQUAL(t, READ_ONCE(t->events), 0);
	wr.flags = PB_WQE_FLAG_SOLICITED;
	ST_TRY(t, pushbell_post_send(qp, &wr, PUSHBELL_DOORBELL));
	ST_EXPECT(t, st_wait_event(t, &t->event), "no event");
	ST_EQUAL(t, pushbell_cq_poll(cq, wc, 3), 2);
	ST_EQUAL(t, wc[0].solicited, false);
	ST_EQUAL(t, wc[1].solicited, true);
	return 0;
}

static int command(struct selftest *t, u16 opcode, const void *in, size_t bytes)
{
	u8 out[64];

	return pushbell_command(t->pb, t->pb->epoch, opcode, in, bytes, out, sizeof(out));
}

static int refused_commands(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	struct pb_cmd_handle_in nobody = { .handle = cpu_to_le32(0x00fffff0) };
	struct pb_cmd_handle_in reserved = { .reserved0[3] = 1 };
	struct pb_cmd_create_cq cq = {
		.address = cpu_to_le64(t->cq->ring.bus), .lkey = cpu_to_le32(pb->mr.object.handle), .log_depth = 4,
		.eqn = cpu_to_le32(pb->eqs[0].object.handle),
	};
	struct pushbell_qp *qp = st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA,
				       .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_64 });
	struct pb_cmd_modify_qp ready = { .attr_mask = cpu_to_le32(PB_QP_ATTR_STATE), .state = PB_QP_STATE_RTS };

	if (!qp)
		return -EIO;
	ST_EQUAL(t, command(t, 0x7fff, NULL, 0), -EOPNOTSUPP);
	ST_EQUAL(t, command(t, PB_COMMAND_DESTROY_QP, &nobody, sizeof(nobody)), -ENOENT);
	ST_EQUAL(t, command(t, PB_COMMAND_QUERY_CQ, &nobody, sizeof(nobody)), -ENOENT);
	ST_EQUAL(t, command(t, PB_COMMAND_ALLOC_PD, &reserved, sizeof(reserved)), -EINVAL);
	cq.address = cpu_to_le64(t->cq->ring.bus + 8);
	ST_EQUAL(t, command(t, PB_COMMAND_CREATE_CQ, &cq, sizeof(cq)), -EINVAL);
	cq.address = cpu_to_le64(t->cq->ring.bus);
	cq.log_depth = 16;
	ST_EQUAL(t, command(t, PB_COMMAND_CREATE_CQ, &cq, sizeof(cq)), -EINVAL);
	ST_EQUAL(t, pushbell_qp_modify(qp, &ready), -EBADFD);
	ST_EQUAL(t, post_nop(qp, 1), 0);	/* in RESET: refused by the adapter, not by the driver */
	ST_TRY(t, pushbell_qp_reset(qp));
	ST_TRY(t, pushbell_qp_connect(qp, 0, 0, 0, 0));
	ST_TRY(t, post_nop(qp, 2));
	if (st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].wr_id, 2);
	return 0;
}

/* What something else uses cannot be destroyed; without that use it can, which the runner sees to. */
static int busy(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	struct pushbell_pd *pd = st_pd(t);
	struct pushbell_page *page = st_page(t);
	struct st_buffer *queue = st_buffer(t, PAGE_SIZE);
	struct pb_cmd_handle_in eq = { .handle = cpu_to_le32(t->cq->eq->object.handle) };
	struct pushbell_mr *mr;
	struct pushbell_qp *qp;
	u64 address;

	if (!pd || !page || !queue)
		return -EIO;
	address = queue->address;
	mr = st_mr(t, pd, PB_ACCESS_LOCAL_WRITE, address, PAGE_SIZE, &address, 1);
	if (!mr)
		return -EIO;
	ST_EQUAL(t, pushbell_pd_destroy(pd), -EBUSY);
	qp = st_qp(t, &(struct pushbell_qp_parameters) { .type = PB_QP_TYPE_DMA, .pd = pd, .page = page, .send_mr = mr,
		   .send_address = address, .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_64 });
	if (!qp)
		return -EIO;
	ST_EQUAL(t, pushbell_mr_destroy(mr), -EBUSY);
	ST_EQUAL(t, pushbell_page_destroy(page), -EBUSY);
	ST_EQUAL(t, pushbell_cq_destroy(t->cq), -EBUSY);
	ST_EQUAL(t, pushbell_mr_destroy(&pb->mr), -EBUSY);
	ST_EQUAL(t, pushbell_pd_destroy(&pb->pd), -EBUSY);
	ST_EQUAL(t, command(t, PB_COMMAND_DESTROY_EQ, &eq, sizeof(eq)), -EBUSY);
	return 0;
}

/* All of it is gone, the registers are as after power-on, and what comes after works. */
static int after_reset(struct selftest *t, u32 epoch, struct pushbell_qp *old)
{
	struct st_buffer *from = st_buffer(t, 512), *to = st_buffer(t, 512);
	struct pushbell_qp *qp;

	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_RESET_EPOCH), epoch + 1);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_SCRATCH), 0);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_COMPLETIONS), 0);
	ST_EQUAL(t, post_nop(old, 1), -ENODEV);
	t->cq = st_cq(t, 6);
	qp = t->cq ? st_dma(t, LOG_DEPTH, STRIDE_64) : NULL;
	if (!from || !to || !qp)
		return -EIO;
	st_scramble(from, epoch);
	ST_TRY(t, st_copy(qp, 1, st_range(t, from, 0, 512), st_range(t, to, 0, 512), PUSHBELL_PUSH));
	memcpy(to->shadow, from->shadow, 512);
	st_forget(t);
	return st_wait_good(t, 1);
}

static int reset_idle(struct selftest *t)
{
	u32 epoch = pushbell_read(t->pb, PB_REG_RESET_EPOCH);
	unsigned int prepared = t->reset_calls[PUSHBELL_RESET_PREPARE], done = t->reset_calls[PUSHBELL_RESET_DONE];
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_64);

	if (!qp)
		return -EIO;
	writel(0x12345678, t->pb->registers + PB_REG_SCRATCH);
	ST_TRY(t, post_nop(qp, 1));
	if (st_wait_good(t, 1))
		return -EIO;
	ST_TRY(t, pushbell_reset(t->pb));
	ST_EQUAL(t, t->reset_calls[PUSHBELL_RESET_PREPARE], prepared + 1);
	ST_EQUAL(t, t->reset_calls[PUSHBELL_RESET_DONE], done + 1);
	return after_reset(t, epoch, qp);
}

/* Rung and pushed work that has not begun never runs: its targets stay as they are. */
static int reset_busy(struct selftest *t)
{
	u32 epoch = pushbell_read(t->pb, PB_REG_RESET_EPOCH);
	struct st_buffer *target = st_buffer(t, 8192);
	struct pushbell_cq *old_cq = t->cq;
	struct pushbell_qp *a = st_dma(t, LOG_DEPTH, STRIDE_64), *b = st_dma(t, LOG_DEPTH, STRIDE_64);
	unsigned int i;

	if (!target || !a || !b)
		return -EIO;
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (i = 0; i < 32; i++) {
		ST_TRY(t, st_fill(a, i, ~0ULL, st_range(t, target, 0, 8192), PUSHBELL_DOORBELL));
		ST_TRY(t, st_fill(b, i, ~0ULL, st_range(t, target, 0, 8192), PUSHBELL_PUSH));
	}
	ST_TRY(t, pushbell_reset(t->pb));
	if (after_reset(t, epoch, a))
		return -EIO;
	ST_EQUAL(t, pushbell_cq_poll(old_cq, t->wc, ST_WCS), 0);
	return st_verify(t);
}

/* A reset while the engine works: no byte moves once it has returned. */
static int reset_running(struct selftest *t)
{
	const u32 bytes = 256 * 1024;
	u32 epoch = pushbell_read(t->pb, PB_REG_RESET_EPOCH);
	struct st_buffer *target = st_buffer(t, bytes);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_64);
	unsigned int i;

	if (!target || !qp)
		return -EIO;
	for (i = 0; i < 60; i++)
		ST_TRY(t, st_fill(qp, i, i, st_range(t, target, 0, bytes), PUSHBELL_DOORBELL));
	ST_TRY(t, pushbell_reset(t->pb));
	memset(target->data, 0xee, bytes);
	memset(target->shadow, 0xee, bytes);
	if (after_reset(t, epoch, qp))
		return -EIO;
	msleep(20);
	return st_verify(t);
}

const struct st_case st_life_cases[] = {
	{ "interrupts", "vectors reach their handlers and an armed queue gives one event", interrupts },
	{ "solicited", "a queue armed for solicited completions keeps silent about others", solicited },
	{ "refused-commands", "bad commands are refused, each with its status", refused_commands },
	{ "busy", "what is in use cannot be destroyed", busy },
	{ "reset-idle", "reset of an idle adapter", reset_idle },
	{ "reset-busy", "reset drops work that has not begun", reset_busy },
	{ "reset-running", "reset ends work that runs", reset_running },
	{ }
};
