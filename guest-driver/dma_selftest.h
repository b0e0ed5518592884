/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases of pushbell_dma_selftest are written with. They are clients of dmaengine like any other; from the core
 * they want only what a client does not have: counters, the hold of the engine, a reset.
 *
 * A case asks for channels and buffers and leaves them to the runner. A transfer (struct ds_transfer) records its
 * callback, and stays until the runner has closed the channels.
 */
#ifndef PUSHBELL_DMA_SELFTEST_H
#define PUSHBELL_DMA_SELFTEST_H
#include <linux/completion.h>
#include <linux/dmaengine.h>
#include "compat.h"
#include "pushbell.h"
#include "selftest_case.h"

#define DS_CHANNELS 16
#define DS_BUFFERS 8
#define DS_TRANSFERS 512
#define DS_DEADLINE_MS 15000
#define DS_LOUD (DMA_PREP_INTERRUPT | DMA_CTRL_ACK)
#define DS_NOWHERE 0x000f00000000f000ULL	/* neither memory nor mapped */

struct ds_transfer {
	struct selftest *t;
	struct completion done;
	dma_cookie_t cookie;
	unsigned int calls;		/* of its callback */
	unsigned int place;		/* of it among the callbacks of the case, from 1 on */
	struct dmaengine_result result;
};

struct selftest {
	struct st_frame frame;
	struct pushbell_device *pb;
	struct dentry *file;

	/* of the case that runs */
	struct dma_chan *channels[DS_CHANNELS];
	struct pushbell_memory buffers[DS_BUFFERS];
	struct ds_transfer *transfers;
	unsigned int channel_count, buffer_count, transfer_count;
	atomic_t calls;
};

extern const struct st_case ds_work_cases[];
extern const struct st_case ds_flow_cases[];
extern const struct st_case ds_end_cases[];
extern const struct st_case ds_error_cases[];
extern const struct st_case ds_broken_cases[];

/* dma_selftest_lib.c; NULL after a failure that has been noted */
void ds_close(struct selftest *t);
struct dma_chan *ds_channel(struct selftest *t);
bool ds_ours(struct dma_chan *chan, void *t);
struct pushbell_memory *ds_buffer(struct selftest *t, size_t bytes);
void ds_scramble(struct pushbell_memory *buffer, u32 seed);
struct ds_transfer *ds_submit(struct selftest *t, struct dma_async_tx_descriptor *tx);
struct ds_transfer *ds_copy(struct selftest *t, struct dma_chan *chan, dma_addr_t to, dma_addr_t from,
			    size_t bytes);
int ds_wait(struct ds_transfer *x, enum dmaengine_tx_result wanted);
int ds_done(struct ds_transfer *x);
enum dma_status ds_status(struct dma_chan *chan, const struct ds_transfer *x, u32 *residue);
int ds_all_bytes(struct selftest *t, const void *bytes, u8 value, size_t count);
int ds_works(struct selftest *t, struct dma_chan *chan);
int ds_hold(struct selftest *t, bool hold);
u64 ds_interrupts(struct selftest *t);

#endif /* PUSHBELL_DMA_SELFTEST_H */
