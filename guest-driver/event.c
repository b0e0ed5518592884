// SPDX-License-Identifier: GPL-2.0
/* Events by type: who is told of each, in the interrupt handler. What is no completion is told to the log too (fault.c). */
#include "core.h"

static const char * const names[] = {
	[PB_EVENT_TYPE_COMPLETION] = "completion",
	[PB_EVENT_TYPE_QP_FATAL] = "error state",
	[PB_EVENT_TYPE_CQ_ERROR] = "completion queue error",
	[PB_EVENT_TYPE_QP_REQUEST_ERROR] = "invalid request of its peer",
	[PB_EVENT_TYPE_QP_ACCESS_ERROR] = "access violation of its peer",
	[PB_EVENT_TYPE_COMM_ESTABLISHED] = "communication established",
	[PB_EVENT_TYPE_SQ_DRAINED] = "send queue drained",
	[PB_EVENT_TYPE_LAST_WQE_REACHED] = "last receive reached",
	[PB_EVENT_TYPE_SRQ_ERROR] = "shared receive queue error",
	[PB_EVENT_TYPE_SRQ_LIMIT] = "limit reached",
	[PB_EVENT_TYPE_PORT_ACTIVE] = "active",
	[PB_EVENT_TYPE_PORT_ERROR] = "down",
	[PB_EVENT_TYPE_GID_CHANGE] = "GID changed",
};

/* Of PB_EVENT_TYPE_*, in a few words; NULL: no such type. */
const char *pushbell_event_name(u32 type)
{
	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}
EXPORT_SYMBOL_GPL(pushbell_event_name);

static void port_event(struct pushbell_device *pb, u32 type, u32 number, u32 detail)
{
	struct pushbell_report report = { .type = type, .number = number, .detail = detail };

	atomic_notifier_call_chain(&pb->port_events, type, &report);
}

void pushbell_dispatch(struct pushbell_device *pb, const struct pb_eqe *eqe)
{
	u32 type = le32_to_cpu(eqe->type), number = le32_to_cpu(eqe->number), detail = le32_to_cpu(eqe->detail);

	switch (type) {
	case PB_EVENT_TYPE_COMPLETION:
		pushbell_cq_event(pb, number);
		return;
	case PB_EVENT_TYPE_CQ_ERROR:
		pushbell_cq_error(pb, number);
		break;
	case PB_EVENT_TYPE_QP_FATAL:
	case PB_EVENT_TYPE_QP_REQUEST_ERROR:
	case PB_EVENT_TYPE_QP_ACCESS_ERROR:
	case PB_EVENT_TYPE_COMM_ESTABLISHED:
	case PB_EVENT_TYPE_SQ_DRAINED:
	case PB_EVENT_TYPE_LAST_WQE_REACHED:
		pushbell_qp_event(pb, number, type, detail);
		break;
	case PB_EVENT_TYPE_SRQ_ERROR:
	case PB_EVENT_TYPE_SRQ_LIMIT:
		pushbell_srq_event(pb, number, type);
		break;
	case PB_EVENT_TYPE_PORT_ACTIVE:
	case PB_EVENT_TYPE_PORT_ERROR:
	case PB_EVENT_TYPE_GID_CHANGE:
		port_event(pb, type, number, detail);
		break;
	default:
		dev_warn_ratelimited(&pb->pdev->dev, "unknown event %u\n", type);
		return;
	}
	pushbell_report(pb, type, number, detail);
}
