// SPDX-License-Identifier: GPL-2.0
/*
 * DMA faults: memory that is not there, reached in each of the ways in which the adapter reaches memory. The fault is
 * told with its address, what it was about, queue and descriptor, by registers and by the queue pair itself.
 */
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define BYTES 256
/* Beyond all memory, inside what the narrowest IOMMU can translate (39 bits), and mapped by nobody. */
#define NOWHERE 0x7a5a5a5000ULL

static struct pushbell_range nowhere(struct selftest *t)
{
	return (struct pushbell_range) { NOWHERE, BYTES, t->pb->mr.object.handle };
}

/* One fault more than `before`, and it says this. */
static int fault_is(struct selftest *t, u32 before, u32 object, bool write, u32 number, u32 index)
{
	struct pushbell_fault fault;

	pushbell_fault_read(t->pb, &fault);
	ST_EQUAL(t, fault.count, before + 1);
	ST_EQUAL(t, fault.address, NOWHERE);
	ST_EQUAL(t, FIELD_GET(PB_REG_FAULT_INFO_OBJECT, fault.info), object);
	ST_EQUAL(t, FIELD_GET(PB_REG_FAULT_INFO_WRITE, fault.info), write);
	ST_EQUAL(t, FIELD_GET(PB_REG_FAULT_INFO_NUMBER, fault.info), number);
	ST_EQUAL(t, fault.index, index);
	return 0;
}

static int queue_says(struct selftest *t, struct pushbell_qp *qp, u32 status, u32 object, bool write, u32 index)
{
	struct pb_cmd_qp_out out;

	ST_TRY(t, pushbell_qp_query(qp, &out));
	ST_EQUAL(t, le32_to_cpu(out.state), PB_QP_STATE_ERR);
	ST_EQUAL(t, le32_to_cpu(out.error_status), status);
	ST_EQUAL(t, le32_to_cpu(out.error_index), index);
	ST_EQUAL(t, le64_to_cpu(out.fault_address), NOWHERE);
	ST_EQUAL(t, FIELD_GET(PB_REG_FAULT_INFO_OBJECT, le32_to_cpu(out.fault_info)), object);
	ST_EQUAL(t, FIELD_GET(PB_REG_FAULT_INFO_WRITE, le32_to_cpu(out.fault_info)), write);
	return 0;
}

/* A good COPY, then one with `from` or `to` nowhere. */
static int engine(struct selftest *t, bool write)
{
	struct st_buffer *buffer = st_buffer(t, 2 * BYTES);
	struct pushbell_qp *qp = st_dma(t, LOG_DEPTH, STRIDE_128);
	u32 faults = pushbell_read(t->pb, PB_REG_COUNT_DMA_FAULTS);
	u32 object = write ? PB_FAULT_OBJECT_SCATTER : PB_FAULT_OBJECT_GATHER;
	struct pushbell_range from, to;

	if (!buffer || !qp)
		return -EIO;
	from = st_range(t, buffer, 0, BYTES);
	to = st_range(t, buffer, BYTES, BYTES);
	st_forget(t);
	reinit_completion(&t->fatal);
	ST_TRY(t, st_copy(qp, 0, from, to, PUSHBELL_DOORBELL));
	ST_TRY(t, st_copy(qp, 1, write ? from : nowhere(t), write ? nowhere(t) : to, PUSHBELL_PUSH));
	if (st_wait(t, 2))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_SUCCESS);
	ST_EQUAL(t, t->wc[1].status, PB_WC_STATUS_GENERAL_ERR);
	ST_EXPECT(t, st_wait_event(t, &t->fatal), "no event");
	if (fault_is(t, faults, object, write, qp->object.handle, 1))
		return -EIO;
	return queue_says(t, qp, PB_WC_STATUS_GENERAL_ERR, object, write, 1);
}

static int data_faults(struct selftest *t)
{
	return engine(t, false) || engine(t, true) ? -EIO : 0;
}

/* A send queue that is not in memory: its first descriptor cannot be read. */
static int queue_fault(struct selftest *t)
{
	u32 faults = pushbell_read(t->pb, PB_REG_COUNT_DMA_FAULTS);
	struct pushbell_qp *qp = st_qp(t, &(struct pushbell_qp_parameters) {
		.type = PB_QP_TYPE_DMA, .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128,
		.send_mr = &t->pb->mr, .send_address = NOWHERE,
	});

	if (!qp)
		return -EIO;
	ST_TRY(t, pushbell_qp_connect(qp, 0, 0, 0, 0));
	ST_TRY(t, pushbell_post_send(qp, &(struct pushbell_wr) { .opcode = PB_OPCODE_NOP,
				     .flags = PB_WQE_FLAG_SIGNALED }, PUSHBELL_DOORBELL));
	if (st_wait(t, 1))
		return -EIO;
	ST_EQUAL(t, t->wc[0].status, PB_WC_STATUS_LOC_ACCESS_ERR);
	if (fault_is(t, faults, PB_FAULT_OBJECT_SEND_QUEUE, false, qp->object.handle, 0))
		return -EIO;
	return queue_says(t, qp, PB_WC_STATUS_LOC_ACCESS_ERR, PB_FAULT_OBJECT_SEND_QUEUE, false, 0);
}

/* A page list, and the mailbox itself: the command is refused, and the next one is not. */
static int command_faults(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	u32 faults = pushbell_read(pb, PB_REG_COUNT_DMA_FAULTS);
	struct pb_cmd_register_mr in = {
		.pd = cpu_to_le32(pb->pd.object.handle), .page_shift = PAGE_SHIFT, .length = cpu_to_le64(PAGE_SIZE),
		.page_list = cpu_to_le64(NOWHERE), .page_count = cpu_to_le32(1),
	};
	u8 out[64];
	int ret;

	ST_EQUAL(t, pushbell_command(pb, pb->epoch, PB_COMMAND_REGISTER_MR, &in, sizeof(in), out, 16), -EFAULT);
	if (fault_is(t, faults, PB_FAULT_OBJECT_PAGE_LIST, false, 0, 0))
		return -EIO;
	mutex_lock(&pb->command_lock);
	writel(lower_32_bits(NOWHERE), pb->registers + PB_REG_MAILBOX_LO);
	writel(upper_32_bits(NOWHERE), pb->registers + PB_REG_MAILBOX_HI);
	mutex_unlock(&pb->command_lock);
	ret = pushbell_command(pb, pb->epoch, PB_COMMAND_QUERY_DEVICE, NULL, 0, out, sizeof(out));
	mutex_lock(&pb->command_lock);
	writel(lower_32_bits(pb->mailbox.bus), pb->registers + PB_REG_MAILBOX_LO);
	writel(upper_32_bits(pb->mailbox.bus), pb->registers + PB_REG_MAILBOX_HI);
	mutex_unlock(&pb->command_lock);
	ST_EQUAL(t, ret, -EFAULT);
	if (fault_is(t, faults + 1, PB_FAULT_OBJECT_MAILBOX, false, 0, 0))
		return -EIO;
	ST_TRY(t, pushbell_command(pb, pb->epoch, PB_COMMAND_QUERY_DEVICE, NULL, 0, out, sizeof(out)));
	return 0;
}

const struct st_case st_fault_cases[] = {
	{ "data-faults", "a DMA fault at a data range is told with address, queue and descriptor", data_faults },
	{ "queue-fault", "a DMA fault at a descriptor is told with address, queue and descriptor", queue_fault },
	{ "command-faults", "a DMA fault at a mailbox or page list refuses the command and is told", command_faults },
	{ }
};
