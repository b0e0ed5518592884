// SPDX-License-Identifier: GPL-2.0
/* Children on the auxiliary bus. A row here and an auxiliary driver for "pushbell.<name>" make a new one. */
#include <linux/slab.h>
#include "core.h"

static const char * const names[] = { "selftest", "bench", "stress", "bugs", "dma", "dma_selftest" };

static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(((struct pushbell_device *)0)->children));

static void release(struct device *dev)
{
	kfree(container_of(to_auxiliary_dev(dev), struct pushbell_child, auxiliary));
}

static struct pushbell_child *add(struct pushbell_device *pb, const char *name)
{
	struct pushbell_child *child = kzalloc(sizeof(*child), GFP_KERNEL);
	int ret;

	if (!child)
		return ERR_PTR(-ENOMEM);
	child->pb = pb;
	child->auxiliary.name = name;
	child->auxiliary.id = pb->id;
	child->auxiliary.dev.parent = &pb->pdev->dev;
	child->auxiliary.dev.release = release;
	ret = auxiliary_device_init(&child->auxiliary);
	if (ret) {
		kfree(child);
		return ERR_PTR(ret);
	}
	ret = auxiliary_device_add(&child->auxiliary);
	if (ret) {
		auxiliary_device_uninit(&child->auxiliary);	/* frees it through release() */
		return ERR_PTR(ret);
	}
	return child;
}

int pushbell_children_add(struct pushbell_device *pb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct pushbell_child *child = add(pb, names[i]);

		if (IS_ERR(child)) {
			pushbell_children_remove(pb);
			return PTR_ERR(child);
		}
		pb->children[i] = child;
	}
	return 0;
}

void pushbell_children_remove(struct pushbell_device *pb)
{
	unsigned int i = ARRAY_SIZE(names);

	while (i--) {
		struct pushbell_child *child = pb->children[i];

		if (!child)
			continue;
		pb->children[i] = NULL;
		auxiliary_device_delete(&child->auxiliary);
		auxiliary_device_uninit(&child->auxiliary);
	}
}
