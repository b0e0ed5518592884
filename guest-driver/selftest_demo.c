// SPDX-License-Identifier: GPL-2.0
/*
 * The demonstration: a few jobs that a person can follow, one line of key=value each, for a program that shows them.
 *
 *   step=message path=doorbell|push bytes= ns= runs= sent="…" received="…" same=1
 *   step=overtake engine=link|dma rung= pushed=1 ns= order="B A1 A2 …"     (order of completions; B was pushed last)
 *   step=operation path= op=copy|fill bytes= ns= runs= before="…" after="…" same=1
 *   step=gather path= ranges= bytes= ns= runs= sent="…|…|…" received="…" same=1
 *   step=counters doorbells= pushes= fallbacks= descriptor_reads= completions= packets=
 *
 * ns is from the post to the interrupt that tells of its first completion, the median of RUNS runs of the same job; in
 * step=overtake, from the release of the hold to the last completion.
 */
#include <linux/ctype.h>
#include <linux/sort.h>
#include "selftest.h"

#define TEXT_BYTES 96
#define LOG_DEPTH 6
#define STRIDE_128 7
#define RUNG 8
#define RUNS 9
#define PATTERN 0x6c6c656268737550ULL	/* "Pushbell" */

static const char *const paths[] = { [PUSHBELL_DOORBELL] = "doorbell", [PUSHBELL_PUSH] = "push" };

static __printf(2, 3) void tell(struct selftest *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	t->story_bytes += vscnprintf(t->story + t->story_bytes, ST_STORY_BYTES - t->story_bytes, format, arguments);
	va_end(arguments);
}

static void put_text(struct st_buffer *buffer, u32 offset, const char *text)
{
	memcpy(buffer->data + offset, text, strlen(text));
	memcpy(buffer->shadow + offset, text, strlen(text));
}

/* What a buffer holds, as text that cannot upset a line. */
static const char *text_of(const struct st_buffer *buffer, u32 bytes, char *text)
{
	u32 i;

	for (i = 0; i < min_t(u32, bytes, TEXT_BYTES - 1); i++)
		text[i] = isprint(buffer->data[i]) && buffer->data[i] != '"' ? buffer->data[i] : '.';
	text[i] = '\0';
	return text;
}

static int by_value(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

static u64 median(u64 ns[RUNS])
{
	sort(ns, RUNS, sizeof(*ns), by_value, NULL);
	return ns[RUNS / 2];
}

/* Before the post: the first completion is to interrupt. */
static u64 begin(struct selftest *t)
{
	st_forget(t);
	reinit_completion(&t->event);
	pushbell_cq_arm(t->cq, false);
	return ktime_get_ns();
}

static int finish(struct selftest *t, u64 start, u64 *ns, unsigned int completions)
{
	ST_EXPECT(t, st_wait_event(t, &t->event), "no interrupt");
	*ns = t->event_ns - start;
	return st_wait_good(t, completions);
}

static int message(struct selftest *t, struct pushbell_qp *pair[2], const char *words, enum pushbell_how how)
{
	u32 bytes = strlen(words);
	struct st_buffer *from = st_buffer(t, bytes), *to = st_buffer(t, bytes);
	struct pushbell_range source, target;
	char text[TEXT_BYTES];
	u64 start, ns[RUNS];
	unsigned int i;

	if (!from || !to)
		return -EIO;
	source = st_range(t, from, 0, bytes);
	target = st_range(t, to, 0, bytes);
	put_text(from, 0, words);
	for (i = 0; i < RUNS; i++) {
		memset(to->data, 0, bytes);
		ST_TRY(t, st_recv(pair[1], 2, &target, 1));
		start = begin(t);
		ST_TRY(t, st_send(pair[0], 1, &source, 1, how));
		if (finish(t, start, &ns[i], 2))
			return -EIO;
	}
	tell(t, "step=message path=%s bytes=%u ns=%llu runs=%u sent=\"%s\" received=\"%s\" same=%d\n", paths[how], bytes,
	     median(ns), RUNS, words, text_of(to, bytes, text), !memcmp(from->data, to->data, bytes));
	memcpy(to->shadow, from->shadow, bytes);
	return 0;
}

/* Names the work requests by the order of their completions: A1, A2, ... were rung, B was pushed. */
static void tell_order(struct selftest *t)
{
	unsigned int i;

	tell(t, "order=\"");
	for (i = 0; i < t->wc_count; i++) {
		if (t->wc[i].receive)
			continue;
		if (t->wc[i].wr_id > RUNG)
			tell(t, "B ");
		else
			tell(t, "A%llu ", t->wc[i].wr_id);
	}
	t->story_bytes--;
	tell(t, "\"\n");
}

/* B has just had its turn: if the adapter only took turns, A would be next. */
static int overtake_link(struct selftest *t, struct pushbell_qp *a[2], struct pushbell_qp *b[2])
{
	struct st_buffer *from = st_buffer(t, 1024), *to = st_buffer(t, 1024);
	struct pushbell_range source, target;
	unsigned int i;
	u64 start;

	if (!from || !to)
		return -EIO;
	source = st_range(t, from, 0, 1024);
	target = st_range(t, to, 0, 1024);
	st_forget(t);
	ST_TRY(t, st_recv(b[1], 1, &target, 1));
	ST_TRY(t, st_send(b[0], 1, &source, 1, PUSHBELL_DOORBELL));
	if (st_wait_good(t, 2))
		return -EIO;
	st_forget(t);
	for (i = 1; i <= RUNG; i++)
		ST_TRY(t, st_recv(a[1], i, &target, 1));
	ST_TRY(t, st_recv(b[1], i, &target, 1));
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_LINK, 0));
	for (i = 1; i <= RUNG; i++)
		ST_TRY(t, st_send(a[0], i, &source, 1, PUSHBELL_DOORBELL));
	ST_TRY(t, st_send(b[0], i, &source, 1, PUSHBELL_PUSH));
	start = ktime_get_ns();
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_good(t, 2 * (RUNG + 1)))
		return -EIO;
	tell(t, "step=overtake engine=link rung=%u pushed=1 ns=%llu ", RUNG, ktime_get_ns() - start);
	tell_order(t);
	return 0;
}

static int overtake_dma(struct selftest *t, struct pushbell_qp *a, struct pushbell_qp *b)
{
	struct st_buffer *from = st_buffer(t, 4096), *to = st_buffer(t, 4096);
	unsigned int i;
	u64 start;

	if (!from || !to)
		return -EIO;
	st_forget(t);
	ST_TRY(t, st_copy(b, 1, st_range(t, from, 0, 4096), st_range(t, to, 0, 4096), PUSHBELL_DOORBELL));
	if (st_wait_good(t, 1))
		return -EIO;
	st_forget(t);
	ST_TRY(t, pushbell_set_link(t->pb, PB_HOLD_ENGINE, 0));
	for (i = 1; i <= RUNG; i++)
		ST_TRY(t, st_copy(a, i, st_range(t, from, 0, 4096), st_range(t, to, 0, 4096), PUSHBELL_DOORBELL));
	ST_TRY(t, st_copy(b, i, st_range(t, from, 0, 4096), st_range(t, to, 0, 4096), PUSHBELL_PUSH));
	start = ktime_get_ns();
	ST_TRY(t, pushbell_set_link(t->pb, 0, 0));
	if (st_wait_good(t, RUNG + 1))
		return -EIO;
	tell(t, "step=overtake engine=dma rung=%u pushed=1 ns=%llu ", RUNG, ktime_get_ns() - start);
	tell_order(t);
	return 0;
}

static int operation(struct selftest *t, struct pushbell_qp *qp, bool copy, enum pushbell_how how)
{
	const u32 bytes = 32;
	struct st_buffer *from = st_buffer(t, bytes), *to = st_buffer(t, bytes);
	char before[TEXT_BYTES], after[TEXT_BYTES];
	u64 start, ns[RUNS];
	unsigned int i;

	if (!from || !to)
		return -EIO;
	put_text(from, 0, "bytes moved by the DMA engine...");
	for (i = 0; i < RUNS; i++) {
		put_text(to, 0, "................................");
		text_of(to, bytes, before);
		start = begin(t);
		if (copy)
			ST_TRY(t, st_copy(qp, 1, st_range(t, from, 0, bytes), st_range(t, to, 0, bytes), how));
		else
			ST_TRY(t, st_fill(qp, 1, PATTERN, st_range(t, to, 0, bytes), how));
		if (finish(t, start, &ns[i], 1))
			return -EIO;
	}
	if (copy)
		memcpy(to->shadow, from->shadow, bytes);
	else
		st_shadow_fill(PATTERN, &(struct st_piece) { to, 0, bytes }, 1);
	tell(t, "step=operation path=%s op=%s bytes=%u ns=%llu runs=%u before=\"%s\" after=\"%s\" same=%d\n", paths[how],
	     copy ? "copy" : "fill", bytes, median(ns), RUNS, before, text_of(to, bytes, after),
	     !memcmp(to->data, to->shadow, bytes));
	return 0;
}

static int gather(struct selftest *t, struct pushbell_qp *pair[2], enum pushbell_how how)
{
	static const char *const words[] = { "three ranges ", "of system memory, ", "one message" };
	struct st_buffer *from = st_buffer(t, 3 * PAGE_SIZE), *to = st_buffer(t, 64);
	struct pushbell_range ranges[3], target;
	char text[TEXT_BYTES];
	u32 i, bytes = 0;
	u64 start, ns[RUNS];

	if (!from || !to)
		return -EIO;
	for (i = 0; i < 3; i++) {
		put_text(from, i * PAGE_SIZE + 7 * i, words[i]);
		ranges[i] = st_range(t, from, i * PAGE_SIZE + 7 * i, strlen(words[i]));
		memcpy(to->shadow + bytes, words[i], ranges[i].length);
		bytes += ranges[i].length;
	}
	target = st_range(t, to, 0, 64);
	for (i = 0; i < RUNS; i++) {
		memset(to->data, 0, bytes);
		ST_TRY(t, st_recv(pair[1], 2, &target, 1));
		start = begin(t);
		ST_TRY(t, st_send(pair[0], 1, ranges, 3, how));
		if (finish(t, start, &ns[i], 2))
			return -EIO;
	}
	tell(t, "step=gather path=%s ranges=3 bytes=%u ns=%llu runs=%u sent=\"%s|%s|%s\" received=\"%s\" same=%d\n",
	     paths[how], bytes, median(ns), RUNS, words[0], words[1], words[2], text_of(to, bytes, text),
	     !memcmp(to->data, to->shadow, 64));
	return 0;
}

static void tell_counters(struct selftest *t)
{
	tell(t, "step=counters doorbells=%u pushes=%u fallbacks=%u descriptor_reads=%u completions=%u packets=%u\n",
	     pushbell_read(t->pb, PB_REG_COUNT_DOORBELLS), pushbell_read(t->pb, PB_REG_COUNT_PUSHES),
	     pushbell_read(t->pb, PB_REG_COUNT_PUSH_FALLBACKS), pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS),
	     pushbell_read(t->pb, PB_REG_COUNT_COMPLETIONS), pushbell_read(t->pb, PB_REG_COUNT_PACKETS));
}

int st_demo(struct selftest *t)
{
	struct pushbell_qp *a[2], *b[2], *c, *d;

	if (st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, a) ||
	    st_rc_pair(t, LOG_DEPTH, STRIDE_128, PB_MTU_MTU_1024, b))
		return -EIO;
	c = st_dma(t, LOG_DEPTH, STRIDE_128);
	d = st_dma(t, LOG_DEPTH, STRIDE_128);
	if (!c || !d)
		return -EIO;
	if (message(t, a, "rung: the adapter fetched my descriptor", PUSHBELL_DOORBELL) ||
	    message(t, b, "pushed: I handed my descriptor over", PUSHBELL_PUSH) ||
	    gather(t, a, PUSHBELL_PUSH) ||
	    operation(t, c, true, PUSHBELL_DOORBELL) || operation(t, c, true, PUSHBELL_PUSH) ||
	    operation(t, d, false, PUSHBELL_DOORBELL) || operation(t, d, false, PUSHBELL_PUSH) ||
	    overtake_link(t, a, b) || overtake_dma(t, c, d))
		return -EIO;
	tell_counters(t);
	return st_verify(t);
}
