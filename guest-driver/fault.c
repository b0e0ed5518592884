// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that the adapter reports by itself, in words: which queue, which descriptor, and the address if an access to
 * memory failed. Behind an IOMMU that is how a bug of a driver shows itself. The event comes in interrupt context and
 * says little; a worker asks the adapter for the rest.
 */
#include <linux/bitfield.h>
#include "core.h"

static const char * const objects[] = {
	[PB_FAULT_OBJECT_SEND_QUEUE] = "descriptor of a send queue",
	[PB_FAULT_OBJECT_RECV_QUEUE] = "descriptor of a receive queue",
	[PB_FAULT_OBJECT_GATHER] = "gather entry",
	[PB_FAULT_OBJECT_SCATTER] = "scatter entry",
	[PB_FAULT_OBJECT_CQ] = "completion",
	[PB_FAULT_OBJECT_EQ] = "event",
	[PB_FAULT_OBJECT_MAILBOX] = "mailbox",
	[PB_FAULT_OBJECT_PAGE_LIST] = "page list",
	[PB_FAULT_OBJECT_SRQ] = "descriptor of a shared receive queue",
	[PB_FAULT_OBJECT_REMOTE_READ] = "read for the peer",
	[PB_FAULT_OBJECT_REMOTE_WRITE] = "write for the peer",
};

/* What a FAULT_INFO word says; NULL: there was no fault. */
const char *pushbell_fault_object(u32 info)
{
	u32 object = FIELD_GET(PB_REG_FAULT_INFO_OBJECT, info);

	if (!object)
		return NULL;
	return object < ARRAY_SIZE(objects) && objects[object] ? objects[object] : "unknown object";
}
EXPORT_SYMBOL_GPL(pushbell_fault_object);

/* The last DMA fault of the adapter, as its registers tell it. */
void pushbell_fault_read(struct pushbell_device *pb, struct pushbell_fault *fault)
{
	fault->count = pushbell_read(pb, PB_REG_COUNT_DMA_FAULTS);
	fault->address = (u64)pushbell_read(pb, PB_REG_FAULT_ADDRESS_HI) << 32 |
			 pushbell_read(pb, PB_REG_FAULT_ADDRESS_LO);
	fault->info = pushbell_read(pb, PB_REG_FAULT_INFO);
	fault->index = pushbell_read(pb, PB_REG_FAULT_INDEX);
}
EXPORT_SYMBOL_GPL(pushbell_fault_read);

/* " DMA fault writing 0x… (scatter entry)", or nothing; a leading space makes it fit behind anything. */
const char *pushbell_fault_text(u64 address, u32 info, char text[PUSHBELL_FAULT_TEXT])
{
	const char *object = pushbell_fault_object(info);

	text[0] = '\0';
	if (object)
		scnprintf(text, PUSHBELL_FAULT_TEXT, " DMA fault %s 0x%llx (%s)",
			  info & PB_REG_FAULT_INFO_WRITE ? "writing" : "reading", address, object);
	return text;
}

void pushbell_command_fault(struct pushbell_device *pb, u16 opcode)
{
	char text[PUSHBELL_FAULT_TEXT];
	struct pushbell_fault fault;

	pushbell_fault_read(pb, &fault);
	pushbell_fault_text(fault.address, fault.info, text);
	dev_warn_ratelimited(&pb->pdev->dev, "command 0x%x:%s\n", opcode, *text ? text : " memory fault");
}

/* The queue may be gone or reset by now: then what the event said is all there is. */
static void report_qp(struct pushbell_device *pb, const struct pushbell_report *report)
{
	struct device *dev = &pb->pdev->dev;
	char text[PUSHBELL_FAULT_TEXT];
	struct pb_cmd_qp_out out = { };
	struct pushbell_qp *qp;

	mutex_lock(&pb->command_lock);
	qp = xa_load(&pb->qps, report->number);
	if (qp && pushbell_object_query(&qp->object, PB_COMMAND_QUERY_QP, &out, sizeof(out)))
		out = (struct pb_cmd_qp_out) { };
	mutex_unlock(&pb->command_lock);
	if (le32_to_cpu(out.error_status) != report->detail)
		dev_warn_ratelimited(dev, "qp %u: error state, status %u\n", report->number, report->detail);
	else if (pushbell_fault_object(le32_to_cpu(out.fault_info)))
		dev_warn_ratelimited(dev, "qp %u:%s, descriptor %u, status %u\n", report->number,
				     pushbell_fault_text(le64_to_cpu(out.fault_address), le32_to_cpu(out.fault_info),
							 text), le32_to_cpu(out.error_index), report->detail);
	else
		dev_warn_ratelimited(dev, "qp %u: error state at descriptor %u, status %u\n", report->number,
				     le32_to_cpu(out.error_index), report->detail);
}

/* The registers tell of the last fault alone: another may have come in between. */
static void report_cq(struct pushbell_device *pb, const struct pushbell_report *report)
{
	char text[PUSHBELL_FAULT_TEXT];
	struct pushbell_fault fault;

	pushbell_fault_read(pb, &fault);
	if (fault.count != ~0U && FIELD_GET(PB_REG_FAULT_INFO_OBJECT, fault.info) == PB_FAULT_OBJECT_CQ &&
	    FIELD_GET(PB_REG_FAULT_INFO_NUMBER, fault.info) == report->number)
		dev_err_ratelimited(&pb->pdev->dev, "cq %u:%s\n", report->number,
				    pushbell_fault_text(fault.address, fault.info, text));
	else
		dev_err_ratelimited(&pb->pdev->dev, "cq %u: it overflowed or cannot be written\n", report->number);
}

/* Everything that the adapter tells of by itself and that is no fault of this side; by name. */
static void report_rest(struct pushbell_device *pb, const struct pushbell_report *report)
{
	struct device *dev = &pb->pdev->dev;
	const char *name = pushbell_event_name(report->type);

	switch (report->type) {
	case PB_EVENT_TYPE_QP_REQUEST_ERROR:
	case PB_EVENT_TYPE_QP_ACCESS_ERROR:
		dev_warn_ratelimited(dev, "qp %u: %s\n", report->number, name);
		break;
	case PB_EVENT_TYPE_SRQ_ERROR:
		dev_err_ratelimited(dev, "srq %u: %s\n", report->number, name);
		break;
	case PB_EVENT_TYPE_SRQ_LIMIT:
		dev_dbg(dev, "srq %u: %s\n", report->number, name);
		break;
	case PB_EVENT_TYPE_PORT_ACTIVE:
	case PB_EVENT_TYPE_PORT_ERROR:
		dev_info(dev, "port %u: %s\n", report->number, name);
		break;
	case PB_EVENT_TYPE_GID_CHANGE:
		dev_dbg(dev, "port %u: %s: entry %u\n", report->number, name, report->detail);
		break;
	default:
		dev_dbg(dev, "qp %u: %s\n", report->number, name);
	}
}

static void work(struct work_struct *work)
{
	struct pushbell_device *pb = container_of(work, struct pushbell_device, report_work);
	struct pushbell_report report;

	while (kfifo_out_spinlocked(&pb->reports, &report, 1, &pb->report_lock)) {
		if (report.type == PB_EVENT_TYPE_QP_FATAL)
			report_qp(pb, &report);
		else if (report.type == PB_EVENT_TYPE_CQ_ERROR)
			report_cq(pb, &report);
		else
			report_rest(pb, &report);
	}
}

/* In the interrupt handler. More than fit at once are of the same kind, as a rule, and go untold. */
void pushbell_report(struct pushbell_device *pb, u32 type, u32 number, u32 detail)
{
	struct pushbell_report report = { .type = type, .number = number, .detail = detail };

	kfifo_in_spinlocked(&pb->reports, &report, 1, &pb->report_lock);
	schedule_work(&pb->report_work);
}

void pushbell_reports_init(struct pushbell_device *pb)
{
	INIT_KFIFO(pb->reports);
	spin_lock_init(&pb->report_lock);
	INIT_WORK(&pb->report_work, work);
}
