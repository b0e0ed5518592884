// SPDX-License-Identifier: GPL-2.0
/* The bugs. Each is a mistake that a driver can make in a few lines; behind an IOMMU each has to be told. */
#include <linux/dma-mapping.h>
#include "bugs.h"

#define BYTES 256
#define OVERRUN 64
#define GOOD_ID 1ULL
#define PATTERN 0xbadc0ffee0ddf00dULL
/* Inside what the narrowest IOMMU translates (39 bits), beyond all memory, and mapped by nobody. */
#define NOWHERE 0x7b5b5b5000ULL
#define HOLE_TRIES 16

static int fill(struct bug_scene *scene, u64 wr_id, u64 address, u32 bytes)
{
	struct pushbell_range to = { address, bytes, scene->pb->mr.object.handle };

	return pushbell_post_send(scene->qp, &(struct pushbell_wr) {
		.wr_id = wr_id, .opcode = PB_OPCODE_FILL, .flags = PB_WQE_FLAG_SIGNALED, .pattern = PATTERN,
		.scatter = &to, .scatter_count = 1,
	}, PUSHBELL_DOORBELL);
}

/* The work request that shows the bug; one that completes is an answer too. */
static int stray_fill(struct bug_scene *scene, u64 address, u32 bytes)
{
	int ret = fill(scene, BUGS_FAULTY_ID, address, bytes);

	return ret ? ret : bugs_wait(scene, BUGS_FAULTY_ID);
}

static void expect(struct bug_scene *scene, u32 object, u64 first, u64 bytes)
{
	scene->object = object;
	scene->first = first;
	scene->last = first + bytes - 1;
}

/* Pages and a channel that has proved once that it can write to them. */
static int good_start(struct bug_scene *scene, struct bug_pages *pages)
{
	int ret = bugs_pages(scene, pages, 0);

	if (!ret)
		ret = bugs_map(scene, pages, PAGE_SIZE, DMA_FROM_DEVICE);
	if (!ret)
		ret = bugs_channel(scene, 0);
	if (!ret)
		ret = fill(scene, GOOD_ID, pages->bus, BYTES);
	if (!ret)
		ret = bugs_wait(scene, GOOD_ID);
	if (!ret && scene->wc.status != PB_WC_STATUS_SUCCESS)
		ret = -EIO;
	return ret;
}

/* The buffer is unmapped while the adapter may still write to it. */
static int use_after_unmap(struct bug_scene *scene)
{
	struct bug_pages *pages = &scene->pages[0];
	int ret = good_start(scene, pages);

	if (ret)
		return ret;
	bugs_unmap(scene, pages);
	bugs_watch(scene, pages->cpu, PAGE_SIZE);
	expect(scene, PB_FAULT_OBJECT_SCATTER, pages->bus, BYTES);
	return stray_fill(scene, pages->bus, BYTES);
}

/* Mapped for the adapter to read, given to it to write. */
static int wrong_direction(struct bug_scene *scene)
{
	struct bug_pages *pages = &scene->pages[1];
	int ret = good_start(scene, &scene->pages[0]);

	if (!ret)
		ret = bugs_pages(scene, pages, 0);
	if (ret)
		return ret;
	bugs_watch(scene, pages->cpu, PAGE_SIZE);
	ret = bugs_map(scene, pages, PAGE_SIZE, DMA_TO_DEVICE);
	if (ret)
		return ret;
	expect(scene, PB_FAULT_OBJECT_SCATTER, pages->bus, BYTES);
	return stray_fill(scene, pages->bus, BYTES);
}

/* An address that was never mapped. */
static int wrong_address(struct bug_scene *scene)
{
	int ret = good_start(scene, &scene->pages[0]);

	if (ret)
		return ret;
	expect(scene, PB_FAULT_OBJECT_SCATTER, NOWHERE, BYTES);
	return stray_fill(scene, NOWHERE, BYTES);
}

/* Of several mappings of the page, one that has nothing behind it when the others are gone; -1: there is none. */
static int before_hole(struct bug_scene *scene, const struct bug_pages *many, int count)
{
	int i, k;

	for (i = 0; i < count; i++) {
		if (bugs_hole_behind(scene, &many[i]))
			return i;
		for (k = 0; k < count; k++)
			if (many[i].bus + PAGE_SIZE == many[k].bus)
				return i;
	}
	return -1;
}

/* A mapping of the first of two pages; in I/O virtual memory nothing follows, so that a stray access hits nobody. */
static int map_before_hole(struct bug_scene *scene, struct bug_pages *pages)
{
	struct bug_pages many[HOLE_TRIES];
	int count, chosen, ret = bugs_pages(scene, pages, 1);

	if (ret || !scene->iommu)
		return ret ? ret : bugs_map(scene, pages, PAGE_SIZE, DMA_FROM_DEVICE);
	for (count = 0; count < HOLE_TRIES; count++) {
		many[count] = *pages;
		if (bugs_map(scene, &many[count], PAGE_SIZE, DMA_FROM_DEVICE))
			break;
	}
	chosen = before_hole(scene, many, count);
	while (count--)
		if (count == chosen)
			*pages = many[count];
		else
			bugs_unmap(scene, &many[count]);
	if (chosen < 0)
		scene->skipped = "no mapping with a hole behind it";
	return 0;
}

/* One page is mapped, the length goes beyond it. */
static int beyond_mapping(struct bug_scene *scene)
{
	struct bug_pages *pages = &scene->pages[1];
	int ret = good_start(scene, &scene->pages[0]);

	if (!ret)
		ret = map_before_hole(scene, pages);
	if (ret || scene->skipped)
		return ret;
	bugs_watch(scene, pages->cpu + PAGE_SIZE, PAGE_SIZE);
	expect(scene, PB_FAULT_OBJECT_SCATTER, pages->bus + PAGE_SIZE - OVERRUN, 2 * OVERRUN);
	return stray_fill(scene, pages->bus + PAGE_SIZE - OVERRUN, 2 * OVERRUN);
}

/* The send queue is unmapped, then rung. */
static int stale_ring(struct bug_scene *scene)
{
	struct bug_pages *pages = &scene->pages[0];
	struct pushbell_wr nop = {
		.wr_id = BUGS_FAULTY_ID, .opcode = PB_OPCODE_NOP, .flags = PB_WQE_FLAG_SIGNALED,
	};
	int ret = bugs_pages(scene, pages, 0);

	if (!ret)
		ret = bugs_map(scene, pages, PAGE_SIZE, DMA_TO_DEVICE);
	if (!ret)
		ret = bugs_channel(scene, pages->bus);
	if (ret)
		return ret;
	bugs_unmap(scene, pages);
	pushbell_wqe_build(pages->cpu, &nop, 0);
	expect(scene, PB_FAULT_OBJECT_SEND_QUEUE, pages->bus, PAGE_SIZE);
	pushbell_doorbell(scene->qp->page, PB_DB_SEND, scene->qp->object.handle, 1);
	return bugs_wait(scene, BUGS_FAULTY_ID);
}

static int needs_iommu(struct bug_scene *scene)
{
	if (!scene->iommu)
		scene->skipped = "without an IOMMU it would write to memory that others have by now";
	return !scene->iommu;
}

/* The receive queue is freed with a receive in it, then a message comes. */
static int stale_receive_ring(struct bug_scene *scene)
{
	int ret;

	if (needs_iommu(scene))
		return 0;
	ret = bugs_pair(scene);
	if (!ret)
		ret = pushbell_post_recv(scene->qp, &(struct pushbell_wr) { .wr_id = BUGS_FAULTY_ID,
					 .opcode = PB_OPCODE_RECV });
	if (ret)
		return ret;
	pushbell_read(scene->pb, PB_REG_STATUS);	/* the doorbell has arrived */
	scene->object = PB_FAULT_OBJECT_RECV_QUEUE;
	bugs_free_under(scene, &scene->qp->recv.ring);
	ret = pushbell_post_send(scene->peer, &(struct pushbell_wr) { .wr_id = GOOD_ID, .opcode = PB_OPCODE_SEND,
				 .flags = PB_WQE_FLAG_SIGNALED }, PUSHBELL_DOORBELL);
	return ret ? ret : bugs_wait(scene, BUGS_FAULTY_ID);
}

/* The completion queue is freed, then something completes. Nobody can poll for that. */
static int freed_completion_ring(struct bug_scene *scene)
{
	int ret;

	if (needs_iommu(scene))
		return 0;
	ret = bugs_channel(scene, 0);
	if (ret)
		return ret;
	scene->object = PB_FAULT_OBJECT_CQ;
	bugs_free_under(scene, &scene->cq->ring);
	return pushbell_post_send(scene->qp, &(struct pushbell_wr) { .wr_id = BUGS_FAULTY_ID, .opcode = PB_OPCODE_NOP,
				  .flags = PB_WQE_FLAG_SIGNALED }, PUSHBELL_DOORBELL);
}

static void set_mailbox(struct pushbell_device *pb, u64 address)
{
	mutex_lock(&pb->command_lock);
	writel(lower_32_bits(address), pb->registers + PB_REG_MAILBOX_LO);
	writel(upper_32_bits(address), pb->registers + PB_REG_MAILBOX_HI);
	mutex_unlock(&pb->command_lock);
}

/* The mailbox is unmapped, the adapter still has its address. */
static int freed_mailbox(struct bug_scene *scene)
{
	struct pushbell_device *pb = scene->pb;
	struct bug_pages *pages = &scene->pages[0];
	u8 out[64];
	int ret = bugs_pages(scene, pages, 0);

	if (!ret)
		ret = bugs_map(scene, pages, PAGE_SIZE, DMA_BIDIRECTIONAL);
	if (ret)
		return ret;
	set_mailbox(pb, pages->bus);
	bugs_unmap(scene, pages);
	/* Zero is the input of the command; the output half is watched. */
	bugs_watch(scene, pages->cpu + PB_MAILBOX_OUTPUT_OFFSET, PAGE_SIZE - PB_MAILBOX_OUTPUT_OFFSET);
	expect(scene, PB_FAULT_OBJECT_MAILBOX, pages->bus, PAGE_SIZE);
	scene->command = pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_QUERY_DEVICE, NULL, 0, out,
					  sizeof(out));
	set_mailbox(pb, pb->mailbox.bus);
	return 0;
}

/* The list of a memory region's pages is unmapped before the command that reads it. */
static int stale_page_list(struct bug_scene *scene)
{
	struct pushbell_device *pb = scene->pb;
	struct bug_pages *list = &scene->pages[0];
	struct pb_cmd_register_mr in = {
		.pd = cpu_to_le32(pb->pd.object.handle), .page_shift = PAGE_SHIFT, .length = cpu_to_le64(PAGE_SIZE),
		.page_count = cpu_to_le32(1),
	};
	struct pb_cmd_handle_out out;
	int ret = bugs_pages(scene, list, 0);

	if (!ret)
		ret = bugs_map(scene, list, PAGE_SIZE, DMA_TO_DEVICE);
	if (ret)
		return ret;
	bugs_unmap(scene, list);
	in.page_list = cpu_to_le64(list->bus);
	expect(scene, PB_FAULT_OBJECT_PAGE_LIST, list->bus, PAGE_SIZE);
	scene->command = pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_REGISTER_MR, &in, sizeof(in), &out,
					  sizeof(out));
	if (!scene->command) {
		struct pb_cmd_handle_in key = { .handle = out.handle };

		ret = pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_DEREGISTER_MR, &key, sizeof(key), NULL, 0);
	}
	return ret;
}

const struct bug bugs_all[] = {
	{ "use-after-unmap", use_after_unmap },
	{ "wrong-direction", wrong_direction },
	{ "wrong-address", wrong_address },
	{ "beyond-mapping", beyond_mapping },
	{ "stale-ring", stale_ring },
	{ "stale-receive-ring", stale_receive_ring },
	{ "freed-completion-ring", freed_completion_ring },
	{ "freed-mailbox", freed_mailbox },
	{ "stale-page-list", stale_page_list },
	{ }
};
