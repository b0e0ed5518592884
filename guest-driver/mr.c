// SPDX-License-Identifier: GPL-2.0
/* Protection domains and memory regions. */
#include "core.h"

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
	__le64 *list;
	int ret = pushbell_memory_alloc(pb, page_count * sizeof(*list), &mr->list);
	u32 i;

	if (ret)
		return ret;
	list = mr->list.cpu;
	for (i = 0; i < page_count; i++)
		list[i] = cpu_to_le64(pages[i]);
	in.page_list = cpu_to_le64(mr->list.bus);
	ret = make(&mr->object, pb, pd->object.epoch, PB_COMMAND_REGISTER_MR, &in, sizeof(in));
	if (ret)
		pushbell_memory_free(pb, &mr->list);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_mr_create_list);

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
