// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbell pages: rings and pushes.
 *
 * Doorbell registers and priority area share a page, so they share one mapping, and it is write-combining: a
 * descriptor of 64 bytes goes out as one burst. A second, uncached mapping of the same page is no way out (x86 gives
 * both aliases the stricter type, or the laxer one, depending on which came first). What write-combining takes away
 * has to be put back with barriers:
 *  - stores may stay in the processor's buffer: each doorbell and each trailer is followed by a flush;
 *  - two stores to one address may become one, and neighbours may go out in any order: the same flush keeps every
 *    doorbell apart from the next;
 *  - stores do not wait for earlier stores to memory: a barrier before each doorbell orders the descriptor first.
 * The flush is wmb(): on x86 that is SFENCE, which drains the write-combining buffers. dma_wmb() does not.
 */
#include <linux/bitfield.h>
#include <linux/io.h>
#include <linux/slab.h>
#include "core.h"

/* 64 bits in one store; what it announces stands in memory. */
void pushbell_doorbell_raw(struct pushbell_page *page, u32 offset, u64 value)
{
	/* Descriptor or consumer index first, doorbell after: the adapter may look as soon as this store arrives. */
	wmb();
	writeq(value, page->base + offset);
	/* Out of the write-combining buffer now, and not merged with the next doorbell. */
	wmb();
}
EXPORT_SYMBOL_GPL(pushbell_doorbell_raw);

/* SEND, RECV, CQ_ARM, CQ_UPDATE and EQ_ARM have number and index in the same place. */
void pushbell_doorbell(struct pushbell_page *page, u32 offset, u32 number, u16 index)
{
	pushbell_doorbell_raw(page, offset,
			      FIELD_PREP(PB_DB_SEND_NUMBER, number) | FIELD_PREP(PB_DB_SEND_INDEX, index));
}
EXPORT_SYMBOL_GPL(pushbell_doorbell);

/*
 * The first free buffer of the page, starting with one of this CPU's so that two CPUs seldom meet. A push that another
 * one overlaps is not lost, but it goes the slow way, so the buffer is locked until its trailer is out.
 */
struct pushbell_push_buffer *pushbell_push_begin(struct pushbell_page *page, unsigned long *flags)
	__acquires(&page->buffers->lock)
{
	unsigned int first, i;

	local_irq_save(*flags);
	first = smp_processor_id() % PB_PUSH_BUFFERS;
	for (i = 0; i < PB_PUSH_BUFFERS; i++) {
		struct pushbell_push_buffer *buffer = &page->buffers[(first + i) % PB_PUSH_BUFFERS];

		if (spin_trylock(&buffer->lock))
			return buffer;
	}
	spin_lock(&page->buffers[first].lock);
	return &page->buffers[first];
}
EXPORT_SYMBOL_GPL(pushbell_push_begin);

/* 64-bit stores, each byte once; length and offset are multiples of 8. */
void pushbell_push_fill(struct pushbell_push_buffer *buffer, u32 offset, const void *bytes, size_t length)
{
	__iowrite64_copy(buffer->base + PB_PUSH_DESCRIPTOR + offset, bytes, length / sizeof(u64));
}
EXPORT_SYMBOL_GPL(pushbell_push_fill);

u64 pushbell_push_trailer(const struct pushbell_push_buffer *buffer, u32 qpn, u16 index, size_t length)
{
	return FIELD_PREP(PB_PUSH_TRAILER_QPN, qpn) |
	       FIELD_PREP(PB_PUSH_TRAILER_LENGTH, length / PB_PUSH_LENGTH_UNIT) |
	       FIELD_PREP(PB_PUSH_TRAILER_INDEX, index) |
	       FIELD_PREP(PB_PUSH_TRAILER_BUFFER, buffer->number) |
	       FIELD_PREP(PB_PUSH_TRAILER_GENERATION, buffer->generation);
}
EXPORT_SYMBOL_GPL(pushbell_push_trailer);

void pushbell_push_end(struct pushbell_push_buffer *buffer, u64 trailer, unsigned long flags)
	__releases(&buffer->lock)
{
	/* The descriptor's stores leave the write-combining buffer before the trailer, which is the trigger. */
	wmb();
	writeq(trailer, buffer->base + PB_PUSH_TRAILER);
	/* The trigger goes out now, and before anything that the next user of this buffer stores. */
	wmb();
	buffer->generation++;
	spin_unlock_irqrestore(&buffer->lock, flags);
}
EXPORT_SYMBOL_GPL(pushbell_push_end);

/* The adapter counts trailers from its reset, and from the allocation of the page. */
void pushbell_page_start(struct pushbell_page *page)
{
	unsigned int i;

	for (i = 0; i < PB_PUSH_BUFFERS; i++)
		page->buffers[i].generation = 0;
}

int pushbell_page_map(struct pushbell_device *pb, struct pushbell_page *page, u32 number)
{
	unsigned int i;

	page->base = ioremap_wc(pci_resource_start(pb->pdev, PB_DOORBELL_BAR) + number * PB_DOORBELL_PAGE_BYTES,
				PB_DOORBELL_PAGE_BYTES);
	if (!page->base)
		return -ENOMEM;
	for (i = 0; i < PB_PUSH_BUFFERS; i++) {
		spin_lock_init(&page->buffers[i].lock);
		page->buffers[i].number = i;
		page->buffers[i].base = page->base + PB_PRIORITY_AREA_OFFSET + i * PB_PUSH_BUFFER_STRIDE;
	}
	pushbell_page_start(page);
	return 0;
}

struct pushbell_page *pushbell_page_create(struct pushbell_device *pb)
{
	struct pushbell_page *page = kzalloc(sizeof(*page), GFP_KERNEL);
	int ret;

	if (!page)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&pb->command_lock);
	ret = pushbell_object_create(&page->object, pb, pb->epoch, PB_COMMAND_ALLOC_PAGE, NULL, 0);
	if (!ret && page->object.handle >= PB_DOORBELL_PAGES)
		ret = -EPROTO;
	else if (!ret && pushbell_page_map(pb, page, page->object.handle)) {
		pushbell_object_destroy(&page->object, PB_COMMAND_FREE_PAGE);
		ret = -ENOMEM;
	}
	mutex_unlock(&pb->command_lock);
	if (ret) {
		kfree(page);
		return ERR_PTR(ret);
	}
	return page;
}
EXPORT_SYMBOL_GPL(pushbell_page_create);

int pushbell_page_destroy(struct pushbell_page *page)
{
	struct pushbell_device *pb = page->object.pb;
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_destroy(&page->object, PB_COMMAND_FREE_PAGE);
	mutex_unlock(&pb->command_lock);
	if (ret)
		return ret;
	iounmap(page->base);
	kfree(page);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_page_destroy);
