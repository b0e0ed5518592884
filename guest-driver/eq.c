// SPDX-License-Identifier: GPL-2.0
/*
 * Event queues, one MSI-X vector each. The handler takes what is there, reports how far it came and asks for the next
 * interrupt in one store (EQ_ARM); arming with entries pending raises the interrupt at once, so nothing is lost
 * between the last look and the store.
 */
#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include "core.h"

#define EQ_LOG_DEPTH 8

static struct pb_eqe *entry(struct pushbell_eq *eq)
{
	struct pb_eqe *ring = eq->ring.cpu;

	return &ring[eq->consumer & (BIT(eq->log_depth) - 1)];
}

/* The owner bit is 1 on the first pass round the ring, 0 on the next, and so on. */
static bool valid(const struct pushbell_eq *eq, u32 owner)
{
	return FIELD_GET(PB_EQE_OWNER_VALID, owner) == !(eq->consumer >> eq->log_depth & 1);
}

static void dispatch(struct pushbell_device *pb, const struct pb_eqe *eqe)
{
	u32 number = le32_to_cpu(eqe->number);

	switch (le32_to_cpu(eqe->type)) {
	case PB_EVENT_TYPE_COMPLETION:
		pushbell_cq_event(pb, number);
		break;
	case PB_EVENT_TYPE_QP_FATAL:
		pushbell_qp_event(pb, number, le32_to_cpu(eqe->detail));
		break;
	case PB_EVENT_TYPE_CQ_ERROR:
		dev_err_ratelimited(&pb->pdev->dev, "completion queue %u overflowed or cannot be written\n", number);
		break;
	default:
		dev_warn_ratelimited(&pb->pdev->dev, "unknown event %u\n", le32_to_cpu(eqe->type));
	}
}

static irqreturn_t handle(int irq, void *data)
{
	struct pushbell_eq *eq = data;
	struct pushbell_device *pb = eq->object.pb;
	unsigned int budget = BIT(eq->log_depth);

	WRITE_ONCE(eq->interrupts, eq->interrupts + 1);
	while (budget--) {
		struct pb_eqe *eqe = entry(eq);

		if (!valid(eq, le32_to_cpu(READ_ONCE(eqe->owner))))
			break;
		dma_rmb();	/* the body was written before the owner bit: read it after */
		dispatch(pb, eqe);
		eq->consumer++;
		WRITE_ONCE(eq->events, eq->events + 1);
	}
	pushbell_doorbell(&pb->page, PB_DB_EQ_ARM, eq->object.handle, eq->consumer);
	return IRQ_HANDLED;
}

static int alloc_one(struct pushbell_device *pb, unsigned int index)
{
	struct pushbell_eq *eq = &pb->eqs[index];
	int ret;

	eq->object.pb = pb;
	eq->vector = index;
	eq->log_depth = EQ_LOG_DEPTH;
	eq->irq = pci_irq_vector(pb->pdev, index);
	snprintf(eq->name, sizeof(eq->name), "pushbell%d-%u", pb->id, index);
	ret = pushbell_memory_alloc(pb, sizeof(struct pb_eqe) << EQ_LOG_DEPTH, &eq->ring);
	if (ret)
		return ret;
	/* Enabled by pushbell_eqs_start(): there is no queue to look at before. */
	ret = request_irq(eq->irq, handle, IRQF_NO_AUTOEN, eq->name, eq);
	if (ret)
		pushbell_memory_free(pb, &eq->ring);
	return ret;
}

int pushbell_eqs_alloc(struct pushbell_device *pb)
{
	unsigned int wanted = min_t(unsigned int, num_online_cpus() + 1, PUSHBELL_EQS_MAX);
	int vectors = pci_alloc_irq_vectors(pb->pdev, 1, wanted + 1, PCI_IRQ_MSIX);
	int ret;

	if (vectors < 0)
		return vectors;
	pb->spare_vector = vectors > wanted ? (int)wanted : -1;
	wanted = min_t(unsigned int, wanted, vectors);
	for (pb->eq_count = 0; pb->eq_count < wanted; pb->eq_count++) {
		ret = alloc_one(pb, pb->eq_count);
		if (ret) {
			pushbell_eqs_free(pb);
			return ret;
		}
	}
	return 0;
}

void pushbell_eqs_free(struct pushbell_device *pb)
{
	while (pb->eq_count) {
		struct pushbell_eq *eq = &pb->eqs[--pb->eq_count];

		free_irq(eq->irq, eq);
		pushbell_memory_free(pb, &eq->ring);
	}
	pci_free_irq_vectors(pb->pdev);
}

static int start_one(struct pushbell_device *pb, struct pushbell_eq *eq)
{
	struct pb_cmd_create_eq in = {
		.address = cpu_to_le64(eq->ring.bus),
		.lkey = cpu_to_le32(pb->mr.object.handle),
		.log_depth = eq->log_depth,
		.vector = cpu_to_le16(eq->vector),
	};
	int ret;

	memset(eq->ring.cpu, 0, eq->ring.bytes);
	eq->consumer = 0;
	ret = pushbell_object_create(&eq->object, pb, pb->epoch, PB_COMMAND_CREATE_EQ, &in, sizeof(in));
	if (ret)
		return ret;
	enable_irq(eq->irq);
	pushbell_doorbell(&pb->page, PB_DB_EQ_ARM, eq->object.handle, 0);
	return 0;
}

/* With command_lock held, after a reset. A failure leaves all of them quiet. */
int pushbell_eqs_start(struct pushbell_device *pb)
{
	unsigned int i;
	int ret;

	for (i = 0; i < pb->eq_count; i++) {
		ret = start_one(pb, &pb->eqs[i]);
		if (ret) {
			while (i--)
				disable_irq(pb->eqs[i].irq);
			return ret;
		}
	}
	return 0;
}

/* No handler runs after this, until the next start. */
void pushbell_eqs_quiet(struct pushbell_device *pb)
{
	unsigned int i;

	for (i = 0; i < pb->eq_count; i++)
		disable_irq(pb->eqs[i].irq);
}
