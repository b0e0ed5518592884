// SPDX-License-Identifier: GPL-2.0
/*
 * Command transport: input into the mailbox, one store to COMMAND, look at COMMAND_STATUS until the toggle is ours.
 * The adapter answers before it returns the first read, as a rule; the sleeping poll is for one that does not.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include "core.h"

#define COMMAND_POLL_US 100
#define COMMAND_TIMEOUT_US (10 * USEC_PER_SEC)

/* No two statuses share an error number, so that callers can tell them apart. */
static const int errors[] = {
	[PB_COMMAND_CODE_OK] = 0,
	[PB_COMMAND_CODE_BAD_OPCODE] = -EOPNOTSUPP,
	[PB_COMMAND_CODE_BAD_PARAMETER] = -EINVAL,
	[PB_COMMAND_CODE_BAD_HANDLE] = -ENOENT,
	[PB_COMMAND_CODE_NO_RESOURCE] = -ENOSPC,
	[PB_COMMAND_CODE_BUSY] = -EBUSY,
	[PB_COMMAND_CODE_BAD_STATE] = -EBADFD,
	[PB_COMMAND_CODE_FAULT] = -EFAULT,
	[PB_COMMAND_CODE_NO_BUS_MASTER] = -EACCES,
};

static int to_errno(u32 status)
{
	return status < ARRAY_SIZE(errors) ? errors[status] : -EPROTO;
}

int pushbell_memory_alloc(struct pushbell_device *pb, size_t bytes, struct pushbell_memory *memory)
{
	memory->cpu = dma_alloc_coherent(&pb->pdev->dev, bytes, &memory->bus, GFP_KERNEL);
	memory->bytes = memory->cpu ? bytes : 0;
	return memory->cpu ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(pushbell_memory_alloc);

void pushbell_memory_free(struct pushbell_device *pb, struct pushbell_memory *memory)
{
	if (memory->cpu)
		dma_free_coherent(&pb->pdev->dev, memory->bytes, memory->cpu, memory->bus);
	memory->cpu = NULL;
	memory->bytes = 0;
}
EXPORT_SYMBOL_GPL(pushbell_memory_free);

static bool answered(u32 value, bool toggle)
{
	if (value == ~0U)	/* nobody is there: no status has all bits set */
		return true;
	return FIELD_GET(PB_REG_COMMAND_STATUS_TOGGLE, value) == toggle && !(value & PB_REG_COMMAND_STATUS_BUSY);
}

static int run(struct pushbell_device *pb, u16 opcode)
{
	bool toggle = !pb->toggle;
	u32 value;
	int ret;

	/* writel orders the mailbox's contents before the store that starts the command. */
	writel(FIELD_PREP(PB_REG_COMMAND_OPCODE, opcode) | FIELD_PREP(PB_REG_COMMAND_TOGGLE, toggle),
	       pb->registers + PB_REG_COMMAND);
	ret = read_poll_timeout(pushbell_read_sure, value, answered(value, toggle), COMMAND_POLL_US,
				COMMAND_TIMEOUT_US, false, pb, PB_REG_COMMAND_STATUS);
	if (ret || value == ~0U) {
		/*
		 * Nobody knows what an adapter that is silent does with the mailbox and with what it was given: it is
		 * stopped, as well as that can be done, and no object exists any more. The watch sees to the rest.
		 */
		if (ret)
			dev_err(&pb->pdev->dev, "command 0x%x: no answer\n", opcode);
		pushbell_halt_locked(pb);
		return ret ? ret : -ENODEV;
	}
	pb->toggle = toggle;
	ret = to_errno(FIELD_GET(PB_REG_COMMAND_STATUS_STATUS, value));
	if (ret == -EFAULT)
		pushbell_command_fault(pb, opcode);
	return ret;
}

int pushbell_command_locked(struct pushbell_device *pb, u32 epoch, u16 opcode, const void *in, size_t in_bytes,
			    void *out, size_t out_bytes)
{
	int ret;

	lockdep_assert_held(&pb->command_lock);
	if (WARN_ON(in_bytes > PB_MAILBOX_OUTPUT_OFFSET || out_bytes > PB_MAILBOX_BYTES - PB_MAILBOX_OUTPUT_OFFSET))
		return -EINVAL;
	if (!pb->up || epoch != pb->epoch)
		return -ENODEV;
	if (pb->asleep)
		return -EAGAIN;
	memset(pb->mailbox.cpu, 0, pb->mailbox.bytes);
	if (in_bytes)
		memcpy(pb->mailbox.cpu, in, in_bytes);
	ret = run(pb, opcode);
	if (!ret && out_bytes)
		memcpy(out, pb->mailbox.cpu + PB_MAILBOX_OUTPUT_OFFSET, out_bytes);
	return ret;
}

int pushbell_command(struct pushbell_device *pb, u32 epoch, u16 opcode, const void *in, size_t in_bytes,
		     void *out, size_t out_bytes)
{
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_command_locked(pb, epoch, opcode, in, in_bytes, out, out_bytes);
	mutex_unlock(&pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_command);

int pushbell_object_create(struct pushbell_object *object, struct pushbell_device *pb, u32 epoch, u16 opcode,
			   const void *in, size_t in_bytes)
{
	struct pb_cmd_handle_out out;
	int ret = pushbell_command_locked(pb, epoch, opcode, in, in_bytes, &out, sizeof(out));

	if (ret)
		return ret;
	object->pb = pb;
	object->epoch = epoch;
	object->handle = le32_to_cpu(out.handle);
	return 0;
}

/* An object of an older epoch went with the reset; to destroy it is no error. */
int pushbell_object_destroy(struct pushbell_object *object, u16 opcode)
{
	struct pb_cmd_handle_in in = { .handle = cpu_to_le32(object->handle) };
	int ret;

	lockdep_assert_held(&object->pb->command_lock);
	if (object->epoch != object->pb->epoch)
		return 0;
	ret = pushbell_command_locked(object->pb, object->epoch, opcode, &in, sizeof(in), NULL, 0);
	/* An adapter that did not answer has been halted. */
	return object->epoch != object->pb->epoch ? 0 : ret;
}

int pushbell_object_query(struct pushbell_object *object, u16 opcode, void *out, size_t out_bytes)
{
	struct pb_cmd_handle_in in = { .handle = cpu_to_le32(object->handle) };

	return pushbell_command_locked(object->pb, object->epoch, opcode, &in, sizeof(in), out, out_bytes);
}

int pushbell_set_link(struct pushbell_device *pb, u32 hold, u32 rate_mbps)
{
	struct pb_cmd_link in = { .hold = cpu_to_le32(hold), .rate_mbps = cpu_to_le32(rate_mbps) };

	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_SET_LINK, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_set_link);

int pushbell_query_link(struct pushbell_device *pb, struct pb_cmd_link *link)
{
	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_QUERY_LINK, NULL, 0, link, sizeof(*link));
}
EXPORT_SYMBOL_GPL(pushbell_query_link);

/* After a reset: registers are as after power-on. */
int pushbell_commands_start(struct pushbell_device *pb)
{
	pb->toggle = false;
	pb->up = true;
	writel(lower_32_bits(pb->mailbox.bus), pb->registers + PB_REG_MAILBOX_LO);
	writel(upper_32_bits(pb->mailbox.bus), pb->registers + PB_REG_MAILBOX_HI);
	return pushbell_command_locked(pb, pb->epoch, PB_COMMAND_QUERY_DEVICE, NULL, 0, &pb->limits,
				       sizeof(pb->limits));
}
