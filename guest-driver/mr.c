// SPDX-License-Identifier: GPL-2.0
/* Protection domains and memory regions. */
#include "core.h"

#define KEY_TAG 0xff	/* part of a key that changes from one use of its region to the next */

static int make(struct pushbell_object *object, struct pushbell_device *pb, u32 epoch, u16 opcode, const void *in,
		size_t in_bytes)
{
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_object_create(object, pb, epoch, opcode, in, in_bytes);
	mutex_unlock(&pb->command_lock);
	return ret;
}

static int unmake(struct pushbell_object *object, u16 opcode)
{
	int ret;

	mutex_lock(&object->pb->command_lock);
	ret = pushbell_object_destroy(object, opcode);
	mutex_unlock(&object->pb->command_lock);
	return ret;
}

int pushbell_pd_create(struct pushbell_device *pb, struct pushbell_pd *pd)
{
	return make(&pd->object, pb, READ_ONCE(pb->epoch), PB_COMMAND_ALLOC_PD, NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_pd_create);

int pushbell_pd_destroy(struct pushbell_pd *pd)
{
	return unmake(&pd->object, PB_COMMAND_DEALLOC_PD);
}
EXPORT_SYMBOL_GPL(pushbell_pd_destroy);

static struct pb_cmd_register_mr whole_memory(const struct pushbell_pd *pd, u8 access)
{
	return (struct pb_cmd_register_mr) {
		.pd = cpu_to_le32(pd->object.handle),
		.kind = PB_MR_KIND_WHOLE_MEMORY,
		.access = access,
	};
}

int pushbell_mr_create_whole(struct pushbell_pd *pd, u8 access, struct pushbell_mr *mr)
{
	struct pb_cmd_register_mr in = whole_memory(pd, access);

	mr->list = (struct pushbell_memory) { };
	return make(&mr->object, pd->object.pb, pd->object.epoch, PB_COMMAND_REGISTER_MR, &in, sizeof(in));
}
EXPORT_SYMBOL_GPL(pushbell_mr_create_whole);

static int list_alloc(struct pushbell_device *pb, const u64 *pages, u32 page_count, struct pushbell_memory *memory)
{
	int ret = pushbell_memory_alloc(pb, page_count * sizeof(__le64), memory);
	__le64 *list = memory->cpu;
	u32 i;

	for (i = 0; !ret && pages && i < page_count; i++)
		list[i] = cpu_to_le64(pages[i]);
	return ret;
}

/* The list of pages stays in memory as long as the region: the adapter may go back to it. */
int pushbell_mr_create_list(struct pushbell_pd *pd, u8 access, u64 iova, u64 length, u8 page_shift,
			    const u64 *pages, u32 page_count, struct pushbell_mr *mr)
{
	struct pushbell_device *pb = pd->object.pb;
	struct pb_cmd_register_mr in = {
		.pd = cpu_to_le32(pd->object.handle),
		.kind = PB_MR_KIND_PAGE_LIST,
		.access = access,
		.page_shift = page_shift,
		.iova = cpu_to_le64(iova),
		.length = cpu_to_le64(length),
		.page_count = cpu_to_le32(page_count),
	};
	int ret = list_alloc(pb, pages, page_count, &mr->list);

	if (ret)
		return ret;
	in.page_list = cpu_to_le64(mr->list.bus);
	ret = make(&mr->object, pb, pd->object.epoch, PB_COMMAND_REGISTER_MR, &in, sizeof(in));
	if (ret)
		pushbell_memory_free(pb, &mr->list);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_create_list);

int pushbell_mr_create_fast(struct pushbell_pd *pd, u32 page_count, struct pushbell_mr *mr)
{
	struct pushbell_device *pb = pd->object.pb;
	struct pb_cmd_alloc_mr in = {
		.pd = cpu_to_le32(pd->object.handle), .page_count = cpu_to_le32(page_count),
	};
	int ret = list_alloc(pb, NULL, page_count, &mr->list);

	if (ret)
		return ret;
	ret = make(&mr->object, pb, pd->object.epoch, PB_COMMAND_ALLOC_MR, &in, sizeof(in));
	if (ret)
		pushbell_memory_free(pb, &mr->list);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_create_fast);

u32 pushbell_mr_next_key(struct pushbell_mr *mr)
{
	u32 key = mr->object.handle;

	mr->object.handle = (key & ~KEY_TAG) | ((key + 1) & KEY_TAG);
	return mr->object.handle;
}
EXPORT_SYMBOL_GPL(pushbell_mr_next_key);

static int reregister(struct pushbell_mr *mr, struct pb_cmd_reregister_mr *in)
{
	struct pushbell_device *pb = mr->object.pb;
	struct pb_cmd_handle_out out;
	int ret;

	in->handle = cpu_to_le32(mr->object.handle);
	ret = pushbell_command(pb, mr->object.epoch, PB_COMMAND_REREGISTER_MR, in, sizeof(*in), &out, sizeof(out));
	if (!ret)
		mr->object.handle = le32_to_cpu(out.handle);
	return ret;
}

int pushbell_mr_rights(struct pushbell_mr *mr, struct pushbell_pd *pd, u8 access)
{
	struct pb_cmd_reregister_mr in = {
		.change = PB_MR_CHANGE_ACCESS | (pd ? PB_MR_CHANGE_PD : 0), .access = access,
		.pd = cpu_to_le32(pd ? pd->object.handle : 0),
	};

	return reregister(mr, &in);
}
EXPORT_SYMBOL_GPL(pushbell_mr_rights);

int pushbell_mr_move(struct pushbell_mr *mr, u8 access, u64 iova, u64 length, u8 page_shift, const u64 *pages,
		     u32 page_count)
{
	struct pushbell_device *pb = mr->object.pb;
	struct pb_cmd_reregister_mr in = {
		.change = PB_MR_CHANGE_MEMORY | PB_MR_CHANGE_ACCESS, .access = access, .page_shift = page_shift,
		.iova = cpu_to_le64(iova), .length = cpu_to_le64(length), .page_count = cpu_to_le32(page_count),
	};
	struct pushbell_memory list;
	int ret = list_alloc(pb, pages, page_count, &list);

	if (ret)
		return ret;
	in.page_list = cpu_to_le64(list.bus);
	ret = reregister(mr, &in);
	if (!ret)
		swap(mr->list, list);
	pushbell_memory_free(pb, &list);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_move);

int pushbell_mr_query(struct pushbell_mr *mr, struct pb_cmd_mr_out *out)
{
	int ret;

	mutex_lock(&mr->object.pb->command_lock);
	ret = pushbell_object_query(&mr->object, PB_COMMAND_QUERY_MR, out, sizeof(*out));
	mutex_unlock(&mr->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_query);

int pushbell_mr_destroy(struct pushbell_mr *mr)
{
	int ret = unmake(&mr->object, PB_COMMAND_DEREGISTER_MR);

	if (!ret)
		pushbell_memory_free(mr->object.pb, &mr->list);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_destroy);

/* After a reset: the core's own domain and the key to all of memory, for queues and for children in the kernel. */
int pushbell_kernel_mr_create(struct pushbell_device *pb)
{
	struct pb_cmd_register_mr in;
	int ret = pushbell_object_create(&pb->pd.object, pb, pb->epoch, PB_COMMAND_ALLOC_PD, NULL, 0);

	if (ret)
		return ret;
	in = whole_memory(&pb->pd, PB_ACCESS_LOCAL_WRITE);
	return pushbell_object_create(&pb->mr.object, pb, pb->epoch, PB_COMMAND_REGISTER_MR, &in, sizeof(in));
}
