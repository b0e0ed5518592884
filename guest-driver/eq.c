// SPDX-License-Identifier: GPL-2.0
/*
 * Event queues, one MSI-X vector each. The handler takes what is there, reports how far it came and asks for the next
 * interrupt in one store (EQ_ARM); arming with entries pending raises the interrupt at once, so nothing is lost
 * between the last look and the store.
 *
 * Without MSI-X all of them share one line, and the line may be shared with other devices. It is a level: high while
 * a bit of INTERRUPT_CAUSE is set, one for each vector. A bit is cleared before its queue is served, so that what
 * comes while we look sets it again, and the line is known to be low before the handler returns.
 */
#include <linux/bitfield.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include "core.h"

#define EQ_LOG_DEPTH 8
#define LINE_ROUNDS 16

static bool msix = true;
module_param(msix, bool, 0444);
MODULE_PARM_DESC(msix, "use MSI-X where it is to be had (default), or the interrupt line");

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

static void arm(struct pushbell_eq *eq)
{
	pushbell_doorbell(&eq->object.pb->page, PB_DB_EQ_ARM, eq->object.handle, eq->consumer);
}

static void serve(struct pushbell_eq *eq)
{
	struct pushbell_device *pb = eq->object.pb;
	unsigned int budget = BIT(eq->log_depth);

	WRITE_ONCE(eq->interrupts, eq->interrupts + 1);
	while (budget--) {
		struct pb_eqe *eqe = entry(eq);

		if (!valid(eq, le32_to_cpu(READ_ONCE(eqe->owner))))
			break;
		dma_rmb();	/* the body was written before the owner bit: read it after */
		pushbell_dispatch(pb, eqe);
		eq->consumer++;
		WRITE_ONCE(eq->events, eq->events + 1);
	}
	arm(eq);
}

static irqreturn_t handle_vector(int irq, void *data)
{
	serve(data);
	return IRQ_HANDLED;
}

static u32 read_cause(struct pushbell_device *pb)
{
	u32 cause = pushbell_read(pb, PB_REG_INTERRUPT_CAUSE);

	return cause == ~0U && READ_ONCE(pb->lost) ? 0 : cause;
}

static irqreturn_t handle_line(int irq, void *data)
{
	struct pushbell_device *pb = data;
	unsigned int round, i;
	u32 cause = READ_ONCE(pb->line_open) ? read_cause(pb) : 0;

	if (!cause)
		return IRQ_NONE;
	for (round = 0; cause && round < LINE_ROUNDS; round++) {
		writel(cause, pb->registers + PB_REG_INTERRUPT_CAUSE);
		for (i = 0; i < pb->eq_count; i++)
			if (cause & BIT(pb->eqs[i].vector))
				serve(&pb->eqs[i]);
		/* Answered when the clearing has taken effect: a line still high after the handler would call it again. */
		cause = read_cause(pb);
	}
	return IRQ_HANDLED;
}

static int alloc_one(struct pushbell_device *pb, unsigned int index)
{
	struct pushbell_eq *eq = &pb->eqs[index];
	int ret;

	eq->object.pb = pb;
	eq->vector = index;
	eq->log_depth = EQ_LOG_DEPTH;
	eq->irq = pci_irq_vector(pb->pdev, pb->intx ? 0 : index);
	snprintf(eq->name, sizeof(eq->name), "pushbell%d-%u", pb->id, index);
	ret = pushbell_memory_alloc(pb, sizeof(struct pb_eqe) << EQ_LOG_DEPTH, &eq->ring);
	if (ret || pb->intx)
		return ret;
	/* Enabled by pushbell_eqs_start(): there is no queue to look at before. */
	ret = request_irq(eq->irq, handle_vector, IRQF_NO_AUTOEN, eq->name, eq);
	if (ret)
		pushbell_memory_free(pb, &eq->ring);
	return ret;
}

/* Number of event queues, or an error. */
static int alloc_vectors(struct pushbell_device *pb)
{
	unsigned int wanted = min_t(unsigned int, num_online_cpus() + 1, PUSHBELL_EQS_MAX);
	int vectors = msix ? pci_alloc_irq_vectors(pb->pdev, 1, wanted + 1, PCI_IRQ_MSIX) : -ENODEV;

	pb->spare_vector = vectors > (int)wanted ? (int)wanted : -1;
	pb->intx = vectors < 0;
	if (vectors >= 0)
		return min_t(unsigned int, wanted, vectors);
	vectors = pci_alloc_irq_vectors(pb->pdev, 1, 1, PCI_IRQ_INTX);
	if (vectors < 0)
		return vectors;
	/* The adapter has been reset, so the line is low, and shut until pushbell_eqs_start(). */
	vectors = request_irq(pci_irq_vector(pb->pdev, 0), handle_line, IRQF_SHARED, pci_name(pb->pdev), pb);
	if (!vectors)
		return wanted;
	pci_free_irq_vectors(pb->pdev);
	return vectors;
}

int pushbell_eqs_alloc(struct pushbell_device *pb)
{
	int wanted = alloc_vectors(pb), ret;

	if (wanted < 0)
		return wanted;
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
	if (pb->intx)
		free_irq(pci_irq_vector(pb->pdev, 0), pb);
	while (pb->eq_count) {
		struct pushbell_eq *eq = &pb->eqs[--pb->eq_count];

		if (!pb->intx)
			free_irq(eq->irq, eq);
		pushbell_memory_free(pb, &eq->ring);
	}
	pci_free_irq_vectors(pb->pdev);
}

/* A line that others share cannot be disabled, so the function is told not to drive it. */
static void line_open(struct pushbell_device *pb)
{
	WRITE_ONCE(pb->line_open, true);
	pci_intx(pb->pdev, 1);
}

static void line_shut(struct pushbell_device *pb)
{
	pci_intx(pb->pdev, 0);
	WRITE_ONCE(pb->line_open, false);
	synchronize_irq(pci_irq_vector(pb->pdev, 0));
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
	arm(eq);
	return 0;
}

static void listen(struct pushbell_device *pb)
{
	unsigned int i;

	if (pb->intx) {
		line_open(pb);
		return;
	}
	for (i = 0; i < pb->eq_count; i++)
		enable_irq(pb->eqs[i].irq);
}

/*
 * With command_lock held, after a reset. A failure leaves all of them quiet. What is raised before we listen is not
 * lost: a vector is delivered when it is enabled, a line is still high then.
 */
int pushbell_eqs_start(struct pushbell_device *pb)
{
	unsigned int i;

	for (i = 0; i < pb->eq_count; i++) {
		int ret = start_one(pb, &pb->eqs[i]);

		if (ret)
			return ret;
	}
	listen(pb);
	return 0;
}

/* No handler runs after this, until the next start, or until the same queues are listened to again. */
void pushbell_eqs_quiet(struct pushbell_device *pb)
{
	unsigned int i;

	if (pb->intx) {
		line_shut(pb);
		return;
	}
	for (i = 0; i < pb->eq_count; i++)
		disable_irq(pb->eqs[i].irq);
}

/* The adapter did not hear of what was taken while it slept. */
void pushbell_eqs_again(struct pushbell_device *pb)
{
	unsigned int i;

	for (i = 0; i < pb->eq_count; i++)
		arm(&pb->eqs[i]);
	listen(pb);
}
