// SPDX-License-Identifier: GPL-2.0
/* Transfers: every kind becomes frames of chunks with gaps between them; a plain copy is one frame of one chunk. */
#include <linux/overflow.h>
#include <linux/slab.h>
#include "dma.h"

/* May be called in any context. NULL, and the client does it some other way or later. */
static struct pbdma_desc *make(struct pbdma_channel *ch, u8 opcode, size_t chunks, unsigned long flags)
{
	struct pbdma_desc *desc;

	if (READ_ONCE(ch->dma->gone))
		return NULL;
	desc = kzalloc(struct_size(desc, chunks, chunks), GFP_NOWAIT);
	if (!desc)
		return NULL;
	dma_async_tx_descriptor_init(&desc->tx, &ch->chan);
	desc->tx.flags = flags;
	desc->tx.tx_submit = pbdma_submit;
	desc->tx.cookie = -EBUSY;
	desc->opcode = opcode;
	desc->chunk_count = chunks;
	desc->frames = 1;
	return desc;
}

/* Known to the channel from here on: what is never submitted goes with it. */
static struct dma_async_tx_descriptor *keep(struct pbdma_channel *ch, struct pbdma_desc *desc)
{
	unsigned long flags;
	LIST_HEAD(freed);

	desc->start = desc->next;
	spin_lock_irqsave(&ch->lock, flags);
	list_add_tail(&desc->node, &ch->prepared);
	pbdma_sweep(ch, &freed);
	spin_unlock_irqrestore(&ch->lock, flags);
	pbdma_free(&freed);
	return &desc->tx;
}

struct dma_async_tx_descriptor *pbdma_prep_memcpy(struct dma_chan *chan, dma_addr_t dst, dma_addr_t src, size_t bytes,
						  unsigned long flags)
{
	struct pbdma_desc *desc = bytes ? make(pbdma_of(chan), PB_OPCODE_COPY, 1, flags) : NULL;

	if (!desc)
		return NULL;
	desc->next.src = src;
	desc->next.dst = dst;
	desc->total = desc->chunks[0].bytes = bytes;
	return keep(pbdma_of(chan), desc);
}

/* As memset(): the low byte of `value` counts. */
struct dma_async_tx_descriptor *pbdma_prep_memset(struct dma_chan *chan, dma_addr_t dst, int value, size_t bytes,
						  unsigned long flags)
{
	struct pbdma_desc *desc = bytes ? make(pbdma_of(chan), PB_OPCODE_FILL, 1, flags) : NULL;

	if (!desc)
		return NULL;
	desc->next.dst = dst;
	desc->pattern = (u8)value * 0x0101010101010101ULL;
	desc->total = desc->chunks[0].bytes = bytes;
	return keep(pbdma_of(chan), desc);
}

/* Total of the transfer; false: it has none, or more than a size_t holds. */
static bool measure(const struct pbdma_desc *desc, size_t *total)
{
	size_t frame = 0, i;

	for (i = 0; i < desc->chunk_count; i++)
		if (check_add_overflow(frame, desc->chunks[i].bytes, &frame))
			return false;
	return !check_mul_overflow(frame, desc->frames, total) && *total;
}

/*
 * From memory to memory, both addresses counting up. What one transfer reads it may not write: the adapter refuses a
 * descriptor whose ranges overlap.
 */
struct dma_async_tx_descriptor *pbdma_prep_interleaved(struct dma_chan *chan, struct dma_interleaved_template *xt,
						       unsigned long flags)
{
	struct pbdma_channel *ch = pbdma_of(chan);
	struct pbdma_desc *desc;
	size_t i;

	if (xt->dir != DMA_MEM_TO_MEM || !xt->src_inc || !xt->dst_inc || !xt->numf || !xt->frame_size)
		return NULL;
	desc = make(ch, PB_OPCODE_COPY, xt->frame_size, flags);
	if (!desc)
		return NULL;
	desc->next.src = xt->src_start;
	desc->next.dst = xt->dst_start;
	desc->frames = xt->numf;
	for (i = 0; i < xt->frame_size; i++)
		desc->chunks[i] = (struct pbdma_chunk) {
			.bytes = xt->sgl[i].size,
			.src_gap = dmaengine_get_src_icg(xt, &xt->sgl[i]),
			.dst_gap = dmaengine_get_dst_icg(xt, &xt->sgl[i]),
		};
	if (!measure(desc, &desc->total)) {
		kfree(desc);
		return NULL;
	}
	return keep(ch, desc);
}

/* Moves nothing and ends after everything before it. */
struct dma_async_tx_descriptor *pbdma_prep_interrupt(struct dma_chan *chan, unsigned long flags)
{
	struct pbdma_desc *desc = make(pbdma_of(chan), PB_OPCODE_NOP, 1, flags);

	return desc ? keep(pbdma_of(chan), desc) : NULL;
}
