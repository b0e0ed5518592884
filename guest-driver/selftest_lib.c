// SPDX-License-Identifier: GPL-2.0
/* Objects of a case: made here, kept in the lists of struct selftest, destroyed by st_close(). */
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include "selftest.h"

#define CQ_LOG_DEPTH 10
#define GUARD 0xa5
#define BLANK 0x5c

static void event(struct pushbell_cq *cq, void *context)
{
	struct selftest *t = context;

	t->event_ns = ktime_get_ns();
	WRITE_ONCE(t->events, t->events + 1);
	complete(&t->event);
}

static void fatal(struct pushbell_qp *qp, u32 status, void *context)
{
	struct selftest *t = context;

	t->fatal_qpn = qp->object.handle;
	t->fatal_status = status;
	WRITE_ONCE(t->fatals, t->fatals + 1);
	complete(&t->fatal);
}

int st_open(struct selftest *t)
{
	init_completion(&t->event);
	init_completion(&t->fatal);
	t->events = 0;
	t->fatals = 0;
	t->told_count = 0;
	st_forget(t);
	t->cq = st_cq(t, CQ_LOG_DEPTH);
	return t->cq ? 0 : -EIO;
}

struct pushbell_cq *st_cq(struct selftest *t, u8 log_depth)
{
	struct pushbell_cq *cq = pushbell_cq_create(t->pb, log_depth, NULL, event, t);

	if (IS_ERR(cq) || WARN_ON(t->cq_count == ST_CQS)) {
		st_note(t, "no completion queue: %ld", PTR_ERR(cq));
		return NULL;
	}
	t->cqs[t->cq_count++] = cq;
	return cq;
}

struct pushbell_qp *st_qp(struct selftest *t, const struct pushbell_qp_parameters *parameters)
{
	struct pushbell_qp_parameters p = *parameters;
	struct pushbell_qp *qp;

	if (!p.send_cq)
		p.send_cq = t->cq;
	if (!p.recv_cq)
		p.recv_cq = t->cq;
	if (WARN_ON(t->qp_count == ST_QPS))
		return NULL;
	qp = pushbell_qp_create(t->pb, &p);
	if (IS_ERR(qp)) {
		st_note(t, "no queue pair: %ld", PTR_ERR(qp));
		return NULL;
	}
	qp->context = t;
	qp->fatal = fatal;
	qp->event = st_qp_event;
	t->qps[t->qp_count++] = qp;
	return qp;
}

/* A DMA channel, ready. */
struct pushbell_qp *st_dma(struct selftest *t, u8 log_depth, u8 log_stride)
{
	struct pushbell_qp *qp = st_qp(t, &(struct pushbell_qp_parameters) {
		.type = PB_QP_TYPE_DMA, .send_log_depth = log_depth, .send_log_stride = log_stride,
	});
	int ret = qp ? pushbell_qp_connect(qp, 0, 0, 0, 0) : -EIO;

	if (ret)
		st_note(t, "DMA channel is not ready: %d", ret);
	return ret ? NULL : qp;
}

/* Two queue pairs, connected to each other. */
int st_pair(struct selftest *t, struct pushbell_qp_parameters parameters, u8 mtu, struct pushbell_qp *pair[2])
{
	u32 psn = 0xfffff0;	/* sequence numbers go round in most cases */

	parameters.recv_log_depth = parameters.srq ? 0 : parameters.send_log_depth;
	parameters.recv_log_stride = parameters.srq ? 0 : parameters.send_log_stride;
	pair[0] = st_qp(t, &parameters);
	pair[1] = st_qp(t, &parameters);
	if (!pair[0] || !pair[1])
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(pair[0], pair[1]->object.handle, mtu, psn, psn + 1));
	ST_TRY(t, pushbell_qp_connect(pair[1], pair[0]->object.handle, mtu, psn + 1, psn));
	return 0;
}

int st_rc_pair(struct selftest *t, u8 log_depth, u8 log_stride, u8 mtu, struct pushbell_qp *pair[2])
{
	return st_pair(t, (struct pushbell_qp_parameters) {
		.type = PB_QP_TYPE_RC, .flags = PB_QP_FLAG_PRIVILEGED,
		.send_log_depth = log_depth, .send_log_stride = log_stride,
	}, mtu, pair);
}

/* Both back to RESET and connected anew, after an error. */
int st_reconnect(struct selftest *t, struct pushbell_qp *pair[2], u8 mtu)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		ST_TRY(t, pushbell_qp_reset(pair[i]));
	for (i = 0; i < 2; i++)
		ST_TRY(t, pushbell_qp_connect(pair[i], pair[1 - i]->object.handle, mtu, 7, 7));
	return 0;
}

/* Page list; iova has the offset of its first page. */
struct pushbell_mr *st_mr(struct selftest *t, struct pushbell_pd *pd, u8 access, u64 iova, u64 length,
			  const u64 *pages, u32 page_count)
{
	struct pushbell_mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	int ret = mr ? pushbell_mr_create_list(pd ? pd : &t->pb->pd, access, iova, length, PAGE_SHIFT, pages,
					       page_count, mr) : -ENOMEM;

	return st_keep_mr(t, mr, ret);
}

struct pushbell_page *st_page(struct selftest *t)
{
	struct pushbell_page *page = pushbell_page_create(t->pb);

	if (IS_ERR(page) || WARN_ON(t->page_count == ST_PAGES)) {
		st_note(t, "no doorbell page: %ld", PTR_ERR(page));
		return NULL;
	}
	t->pages[t->page_count++] = page;
	return page;
}

struct pushbell_pd *st_pd(struct selftest *t)
{
	struct pushbell_pd *pd = kzalloc(sizeof(*pd), GFP_KERNEL);
	int ret = pd ? pushbell_pd_create(t->pb, pd) : -ENOMEM;

	if (ret || WARN_ON(t->pd_count == ST_PDS)) {
		st_note(t, "no protection domain: %d", ret);
		kfree(pd);
		return NULL;
	}
	t->pds[t->pd_count++] = pd;
	return pd;
}

/* Blank, page-aligned, with guard bytes before and behind. */
struct st_buffer *st_buffer(struct selftest *t, u32 bytes)
{
	struct st_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	u8 *start;

	if (!buffer || WARN_ON(t->buffer_count == ST_BUFFERS))
		goto fail;
	buffer->shadow = kvmalloc(bytes, GFP_KERNEL);
	if (!buffer->shadow || pushbell_memory_alloc(t->pb, PAGE_SIZE + bytes + ST_GUARD_BYTES, &buffer->memory))
		goto fail;
	start = buffer->memory.cpu;
	memset(start, GUARD, buffer->memory.bytes);
	buffer->data = start + PAGE_SIZE;
	buffer->address = buffer->memory.bus + PAGE_SIZE;
	buffer->bytes = bytes;
	memset(buffer->data, BLANK, bytes);
	memset(buffer->shadow, BLANK, bytes);
	t->buffers[t->buffer_count++] = buffer;
	return buffer;
fail:
	if (buffer)
		kvfree(buffer->shadow);
	kfree(buffer);
	st_note(t, "no memory for a buffer of %u bytes", bytes);
	return NULL;
}

static bool is_guard(const u8 *bytes, size_t count)
{
	return !memchr_inv(bytes, GUARD, count);
}

static int verify_one(struct selftest *t, const struct st_buffer *buffer, unsigned int number)
{
	const u8 *start = buffer->memory.cpu;
	u32 i;

	ST_EXPECT(t, is_guard(start, PAGE_SIZE), "before buffer %u", number);
	ST_EXPECT(t, is_guard(buffer->data + buffer->bytes, ST_GUARD_BYTES), "behind buffer %u", number);
	if (!memcmp(buffer->data, buffer->shadow, buffer->bytes))
		return 0;
	for (i = 0; buffer->data[i] == buffer->shadow[i]; i++)
		;
	ST_EXPECT(t, false, "buffer %u of %u bytes, byte %u is 0x%02x, not 0x%02x", number, buffer->bytes, i,
		  buffer->data[i], buffer->shadow[i]);
}

int st_verify(struct selftest *t)
{
	unsigned int i;

	for (i = 0; i < t->buffer_count; i++)
		if (verify_one(t, t->buffers[i], i))
			return -EIO;
	return 0;
}

static void free_buffer(struct selftest *t, struct st_buffer *buffer)
{
	pushbell_memory_free(t->pb, &buffer->memory);
	kvfree(buffer->shadow);
	kfree(buffer);
}

/* In the order of use. What cannot be destroyed is left alone, and so is the memory that it may write to. */
int st_close(struct selftest *t)
{
	int failed = 0;

	pushbell_set_link(t->pb, 0, 0);
	while (t->qp_count)
		failed |= pushbell_qp_destroy(t->qps[--t->qp_count]);
	failed |= st_destroy_more(t);
	while (t->cq_count)
		failed |= pushbell_cq_destroy(t->cqs[--t->cq_count]);
	while (t->page_count)
		failed |= pushbell_page_destroy(t->pages[--t->page_count]);
	while (t->mr_count) {
		failed |= pushbell_mr_destroy(t->mrs[--t->mr_count]);
		kfree(t->mrs[t->mr_count]);
	}
	while (t->pd_count) {
		failed |= pushbell_pd_destroy(t->pds[--t->pd_count]);
		kfree(t->pds[t->pd_count]);
	}
	while (t->buffer_count) {
		t->buffer_count--;
		if (!failed)
			free_buffer(t, t->buffers[t->buffer_count]);
	}
	if (failed)
		st_note(t, "something could not be destroyed");
	return failed ? -EIO : 0;
}

void st_scramble(struct st_buffer *buffer, u32 seed)
{
	struct rnd_state state;

	prandom_seed_state(&state, seed);
	prandom_bytes_state(&state, buffer->shadow, buffer->bytes);
	memcpy(buffer->data, buffer->shadow, buffer->bytes);
}

/* Byte by byte: slow, and plain enough to be believed. */
void st_shadow_move(const struct st_piece *from, unsigned int from_count, const struct st_piece *to,
		    unsigned int to_count)
{
	u32 read = 0, written = 0;

	while (from_count && to_count) {
		if (read == from->length) {
			from++, from_count--, read = 0;
		} else if (written == to->length) {
			to++, to_count--, written = 0;
		} else {
			to->buffer->shadow[to->offset + written++] = from->buffer->shadow[from->offset + read++];
		}
	}
}

void st_shadow_fill(u64 pattern, const struct st_piece *to, unsigned int count)
{
	unsigned int n = 0;
	u32 i;

	for (; count--; to++)
		for (i = 0; i < to->length; i++)
			to->buffer->shadow[to->offset + i] = pattern >> (8 * (n++ % 8));
}

/* Takes over what is there, where nothing is promised. */
void st_shadow_accept(struct st_buffer *buffer, u32 offset, u32 length)
{
	memcpy(buffer->shadow + offset, buffer->data + offset, length);
}
