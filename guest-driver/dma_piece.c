// SPDX-License-Identifier: GPL-2.0
/* Cutting transfers into descriptors of the adapter. */
#include <linux/module.h>
#include <linux/sizes.h>
#include "dma.h"

#define PIECE_MAX SZ_1G		/* ranges of a piece are 32 bits long, and a message 2 GiB at most */
#define CHUNKS_MAX 512		/* of a piece: it is made with interrupts off */

static unsigned int piece = SZ_1M;
module_param(piece, uint, 0644);
MODULE_PARM_DESC(piece, "most bytes of one descriptor; longer transfers are cut (default 1 MiB)");

static unsigned int push = 64;
module_param(push, uint, 0644);
MODULE_PARM_DESC(push, "longest descriptor that is pushed, in bytes: 0 none, 64 one range to one (default), 256 all that fit");

static unsigned int push_data = PB_SLICE_BYTES;
module_param(push_data, uint, 0644);
MODULE_PARM_DESC(push_data, "most bytes that a pushed descriptor moves (default 4096: nobody waits longer for it)");

/* Whether a range that begins here goes on where the last one ends. */
static bool joins(const struct pushbell_range *ranges, u8 count, dma_addr_t address)
{
	return count && ranges[count - 1].address + ranges[count - 1].length == address;
}

static void extend(struct pushbell_range *ranges, u8 *count, dma_addr_t address, u32 bytes, u32 lkey)
{
	if (joins(ranges, *count, address))
		ranges[*count - 1].length += bytes;
	else
		ranges[(*count)++] = (struct pushbell_range) { .address = address, .length = bytes, .lkey = lkey };
}

static bool has_room(const struct pbdma_desc *desc, const struct pbdma_piece *p)
{
	unsigned int wanted = p->wr.gather_count + p->wr.scatter_count;

	if (desc->opcode == PB_OPCODE_COPY)
		wanted += !joins(p->from, p->wr.gather_count, desc->next.src);
	return wanted + !joins(p->to, p->wr.scatter_count, desc->next.dst) <= PB_MAX_SGE;
}

static void advance(struct pbdma_desc *desc, size_t bytes)
{
	struct pbdma_cursor *next = &desc->next;
	const struct pbdma_chunk *chunk = &desc->chunks[next->chunk];

	next->src += bytes;
	next->dst += bytes;
	next->offset += bytes;
	if (next->offset < chunk->bytes)
		return;
	next->src += chunk->src_gap;
	next->dst += chunk->dst_gap;
	next->offset = 0;
	if (++next->chunk < desc->chunk_count)
		return;
	next->chunk = 0;
	next->frame++;
}

/* Makes the next piece of a transfer and moves its cursor on. */
void pbdma_piece_next(struct pbdma_desc *desc, u32 lkey, struct pbdma_piece *p)
{
	size_t most = clamp(READ_ONCE(piece), 1U, (unsigned int)PIECE_MAX);
	unsigned int chunks = 0;

	p->bytes = 0;
	p->wr = (struct pushbell_wr) {
		.opcode = desc->opcode, .flags = PB_WQE_FLAG_SIGNALED, .pattern = desc->pattern,
		.gather = p->from, .scatter = p->to,
	};
	while (!pbdma_all_posted(desc) && p->bytes < most && chunks < CHUNKS_MAX && has_room(desc, p)) {
		size_t left = desc->chunks[desc->next.chunk].bytes - desc->next.offset;
		size_t bytes = min(left, most - p->bytes);

		if (bytes && desc->opcode == PB_OPCODE_COPY)
			extend(p->from, &p->wr.gather_count, desc->next.src, bytes, lkey);
		if (bytes)
			extend(p->to, &p->wr.scatter_count, desc->next.dst, bytes, lkey);
		chunks += !!bytes;
		p->bytes += bytes;
		advance(desc, bytes);
	}
}

/* Goes by push. */
bool pbdma_piece_short(const struct pbdma_piece *p)
{
	size_t length = sizeof(struct pb_wqe) + (p->wr.gather_count + p->wr.scatter_count) * sizeof(struct pb_sge);

	return length <= READ_ONCE(push) && p->bytes <= READ_ONCE(push_data);
}
