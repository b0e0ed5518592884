/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pushbell_dma: the adapter's DMA engine as the kernel's dmaengine knows it.
 *
 * A channel is a doorbell page, a completion queue and a queue pair of type DMA, so two channels share nothing but the
 * adapter. A transfer (struct pbdma_desc) is executed in pieces: descriptors of at most `piece` bytes and PB_MAX_SGE
 * ranges, each made when there is room for it, from a cursor into the transfer. Transfers wander over the lists of
 * their channel, always in the order of their cookies:
 *
 *   prep -> prepared -> submit -> submitted -> issue_pending -> issued -> first piece posted -> active
 *        -> last piece ended -> ended -> callback -> freed, or unacked until the client has acknowledged it
 *
 * A piece that fails stops the queue pair. Its transfer ends with an error; those behind it have not begun, belong to
 * clients that know nothing of each other, and are posted again after the queue pair has been restarted. The same
 * restart ends transfers that were terminated while the adapter worked on them: they wait on `dropped`, mapped, until
 * it is sure that nobody writes to their memory any more.
 */
#ifndef PUSHBELL_DMA_H
#define PUSHBELL_DMA_H
#include <linux/dmaengine.h>
#include <linux/interrupt.h>
#include "compat.h"
#include "pushbell.h"

#define PBDMA_LOG_DEPTH 6
#define PBDMA_DEPTH BIT(PBDMA_LOG_DEPTH)
#define PBDMA_LOG_STRIDE 9	/* PB_MAX_SGE ranges fit */
#define PBDMA_FAILURES 16
#define PBDMA_BATCH 16		/* completions taken at once */
#define PBDMA_RETRY_MS 20	/* while the adapter sleeps (D3hot) */

struct pbdma_chunk {
	size_t bytes;
	size_t src_gap, dst_gap;	/* bytes left out behind it */
};

/* Where the next piece begins. */
struct pbdma_cursor {
	dma_addr_t src, dst;
	size_t frame;
	size_t chunk;
	size_t offset;			/* in that chunk */
};

struct pbdma_desc {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	u8 opcode;
	u64 pattern;
	size_t total, done;		/* bytes */
	unsigned int pieces;		/* posted and not ended */
	bool counted;			/* in the channel's `loud` */
	enum dmaengine_tx_result result;
	struct pbdma_cursor start, next;
	size_t frames;
	size_t chunk_count;		/* of a frame */
	struct pbdma_chunk chunks[];
};

/* Cookies of transfers that did not end well. */
struct pbdma_failure {
	dma_cookie_t first, last;
};

enum pbdma_state {
	PBDMA_DOWN,	/* no queues: nobody uses the channel, or the adapter is away */
	PBDMA_READY,
	PBDMA_BROKEN,	/* nothing is posted or taken until the worker has restarted the queue pair */
};

struct pbdma_channel {
	struct dma_chan chan;
	struct pbdma *dma;

	struct mutex life;		/* held by whoever makes, restarts or unmakes the queues; and: */
	bool allocated;			/* a client has the channel */
	struct pushbell_page *page;
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;

	spinlock_t lock;		/* everything below */
	enum pbdma_state state;
	bool armed;
	bool cq_failed;
	bool blamed;			/* BROKEN because the first active transfer failed */
	u32 generation;			/* of the queue pair: its restarts */
	u32 posted, taken;		/* pieces of this generation */
	unsigned int loud;		/* issued transfers whose end somebody waits for without polling */
	struct list_head prepared, submitted, issued, active, ended, unacked, dropped;
	struct pbdma_failure failures[PBDMA_FAILURES];
	unsigned int failure_count;

	struct tasklet_struct tasklet;
	struct delayed_work work;
};

struct pbdma {
	struct dma_device device;
	struct pushbell_device *pb;	/* not after `gone` */
	bool gone;			/* the adapter was removed; written under every channel's `life` */
	struct notifier_block resets;
	struct work_struct release;
	unsigned int count;
	struct pbdma_channel channels[];
};

static inline struct pbdma_channel *pbdma_of(struct dma_chan *chan)
{
	return container_of(chan, struct pbdma_channel, chan);
}

static inline struct pbdma_desc *pbdma_desc_of(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct pbdma_desc, tx);
}

static inline bool pbdma_all_posted(const struct pbdma_desc *desc)
{
	return desc->next.frame == desc->frames;
}

/* dma_prep.c */
struct dma_async_tx_descriptor *pbdma_prep_memcpy(struct dma_chan *chan, dma_addr_t dst, dma_addr_t src, size_t bytes,
						  unsigned long flags);
struct dma_async_tx_descriptor *pbdma_prep_memset(struct dma_chan *chan, dma_addr_t dst, int value, size_t bytes,
						  unsigned long flags);
struct dma_async_tx_descriptor *pbdma_prep_interleaved(struct dma_chan *chan, struct dma_interleaved_template *xt,
						       unsigned long flags);
struct dma_async_tx_descriptor *pbdma_prep_interrupt(struct dma_chan *chan, unsigned long flags);

/* dma_piece.c */
struct pbdma_piece {
	struct pushbell_wr wr;
	size_t bytes;
	struct pushbell_range from[PB_MAX_SGE], to[PB_MAX_SGE];
};

void pbdma_piece_next(struct pbdma_desc *desc, u32 lkey, struct pbdma_piece *piece);
bool pbdma_piece_short(const struct pbdma_piece *piece);

/* dma_channel.c; the channel's lock is held unless said otherwise */
dma_cookie_t pbdma_submit(struct dma_async_tx_descriptor *tx);			/* not held */
void pbdma_issue_pending(struct dma_chan *chan);				/* not held */
void pbdma_event(struct pushbell_cq *cq, void *context);			/* not held */
void pbdma_cq_failed(struct pushbell_cq *cq, void *context);			/* not held */
void pbdma_tasklet(struct tasklet_struct *tasklet);				/* not held */
void pbdma_go_on(struct pbdma_channel *ch);
void pbdma_break(struct pbdma_channel *ch);
void pbdma_finish(struct pbdma_channel *ch, struct pbdma_desc *desc, enum dmaengine_tx_result result);
void pbdma_finish_all(struct pbdma_channel *ch, struct list_head *list);
void pbdma_rewind(struct pbdma_channel *ch);
void pbdma_sweep(struct pbdma_channel *ch, struct list_head *freed);
void pbdma_free(struct list_head *list);					/* not held */

/* dma_end.c; not held but for the first */
void pbdma_failed(struct pbdma_channel *ch, dma_cookie_t first, dma_cookie_t last);
enum dma_status pbdma_tx_status(struct dma_chan *chan, dma_cookie_t cookie, struct dma_tx_state *state);
int pbdma_terminate_all(struct dma_chan *chan);
void pbdma_synchronize(struct dma_chan *chan);

/* dma_life.c; not held */
int pbdma_alloc_chan_resources(struct dma_chan *chan);
void pbdma_free_chan_resources(struct dma_chan *chan);
void pbdma_work(struct work_struct *work);
void pbdma_channel_down(struct pbdma_channel *ch, bool forever);
void pbdma_channel_up(struct pbdma_channel *ch);

#endif /* PUSHBELL_DMA_H */
