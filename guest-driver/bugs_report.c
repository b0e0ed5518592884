// SPDX-License-Identifier: GPL-2.0
/* What the adapter said of a planted bug: one key=value a line. */
#include <linux/string.h>
#include "bugs.h"

static __printf(2, 3) void tell(struct bugs *b, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	b->text_bytes += vscnprintf(b->text + b->text_bytes, BUGS_TEXT_BYTES - b->text_bytes, format, arguments);
	va_end(arguments);
}

static const char *object_name(u32 info)
{
	static const char * const names[] = {
		"none", "send_queue", "recv_queue", "gather", "scatter", "cq", "eq", "mailbox", "page_list",
	};
	u32 object = FIELD_GET(PB_REG_FAULT_INFO_OBJECT, info);

	return object < ARRAY_SIZE(names) ? names[object] : "unknown";
}

static int writes(u32 info)
{
	return !!(info & PB_REG_FAULT_INFO_WRITE);
}

static void tell_completion(struct bugs *b, struct bug_scene *scene)
{
	if (scene->completed)
		tell(b, "wc_status=%u\nwc_index=%u\n", scene->wc.status, scene->wc.wqe_index);
	else
		tell(b, "wc_status=none\nwc_index=none\n");
	tell(b, "event=%s\nevent_number=%u\nevent_status=%u\ncommand=%d\n", scene->event_name, scene->event_number,
	     scene->event_status, scene->command);
}

static void tell_queue(struct bugs *b, struct bug_scene *scene)
{
	struct pb_cmd_qp_out out = { };
	u32 info;

	if (scene->qp)
		pushbell_qp_query(scene->qp, &out);
	info = le32_to_cpu(out.fault_info);
	tell(b, "qp=%u\nqp_state=%u\nqp_error_status=%u\nqp_error_index=%u\n", scene->qp ? scene->qp->object.handle : 0,
	     le32_to_cpu(out.state), le32_to_cpu(out.error_status), le32_to_cpu(out.error_index));
	tell(b, "qp_fault_address=0x%llx\nqp_fault_object=%s\nqp_fault_write=%d\n", le64_to_cpu(out.fault_address),
	     object_name(info), writes(info));
}

static bool right(const struct bug_scene *scene, const struct pushbell_fault *fault)
{
	return fault->count != scene->faults_before &&
	       FIELD_GET(PB_REG_FAULT_INFO_OBJECT, fault->info) == scene->object &&
	       fault->address >= scene->first && fault->address <= scene->last;
}

static const char *outcome(const struct bug_scene *scene, const struct pushbell_fault *fault, bool intact, int ret)
{
	bool failed = scene->command || (scene->completed && scene->wc.status != PB_WC_STATUS_SUCCESS);

	if (scene->skipped)
		return "skipped";
	if (ret)
		return "broken";	/* the bug could not be planted, or nothing came of it */
	if (right(scene, fault) && intact)
		return "reported";
	return fault->count == scene->faults_before && !failed ? "silent" : "wrong";
}

void bugs_report(struct bugs *b, const char *name, struct bug_scene *scene, int ret)
{
	bool intact = !scene->watched || !memchr_inv(scene->watched, BUGS_POISON, scene->watched_bytes);
	struct pushbell_fault fault;

	pushbell_fault_read(b->pb, &fault);
	b->text_bytes = 0;
	tell(b, "bug=%s\niommu=%d\naddress=0x%llx\n", name, scene->iommu, scene->first);
	tell_completion(b, scene);
	tell_queue(b, scene);
	tell(b, "faults=%u\nfault_address=0x%llx\nfault_object=%s\nfault_write=%d\nfault_number=%u\nfault_index=%u\n",
	     fault.count - scene->faults_before, fault.address, object_name(fault.info), writes(fault.info),
	     (u32)FIELD_GET(PB_REG_FAULT_INFO_NUMBER, fault.info), fault.index);
	tell(b, "memory=%s\noutcome=%s\n", intact ? "intact" : "changed", outcome(scene, &fault, intact, ret));
	if (scene->skipped)
		tell(b, "reason=%s\n", scene->skipped);
	if (ret)
		tell(b, "error=%d\n", ret);
}
