// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/debug/pushbell/<address>/port; and the counters of anything, one line a counter. */
#include <linux/debugfs.h>
#include "core.h"

/* In the order of struct pb_cmd_*_counters, which are all 64-bit words. */
static const char * const port_names[] = {
	"tx_bytes", "rx_bytes", "tx_packets", "rx_packets", "rx_bad", "rx_unknown", "rx_qkey", "rx_pkey",
	"rx_no_receive", "rx_sequence", NULL
};
static const char * const qp_names[] = {
	"tx_messages", "tx_bytes", "rx_messages", "rx_bytes", "pushed", "rung", "errors", "flushed", "rx_requests",
	"rx_dropped", NULL
};
static const char * const page_names[] = { "doorbells", "pushes", "fallbacks", "ignored", "refused", NULL };

static const char * const *const names[] = {
	[PB_COUNTER_KIND_PORT] = port_names, [PB_COUNTER_KIND_QP] = qp_names, [PB_COUNTER_KIND_PAGE] = page_names,
};

/* With command_lock held. */
void pushbell_show_counters(struct seq_file *file, struct pushbell_device *pb, u32 kind, u32 handle)
{
	struct pb_cmd_counters in = { .kind = cpu_to_le32(kind), .handle = cpu_to_le32(handle) };
	__le64 words[sizeof(struct pb_cmd_port_counters) / sizeof(__le64)];
	unsigned int i;
	int ret = pushbell_command_locked(pb, pb->epoch, PB_COMMAND_QUERY_COUNTERS, &in, sizeof(in), words,
					  sizeof(words));

	if (ret) {
		seq_printf(file, "  counters: error %d\n", ret);
		return;
	}
	seq_puts(file, " ");
	for (i = 0; names[kind][i]; i++)
		seq_printf(file, " %s=%llu", names[kind][i], le64_to_cpu(words[i]));
	seq_puts(file, "\n");
}

static void show_gids(struct seq_file *file, struct pushbell_device *pb, u32 entries)
{
	struct pb_cmd_set_gid in = { }, out;
	u32 i;

	for (i = 0; i < entries; i++) {
		in.index = cpu_to_le32(i);
		if (pushbell_command_locked(pb, pb->epoch, PB_COMMAND_QUERY_GID, &in, sizeof(in), &out, sizeof(out)))
			return;
		if (out.type != PB_GID_TYPE_NONE)
			seq_printf(file, "gid %u: %pI6c mac %pM\n", i, out.gid, out.mac);
	}
}

static int port_show(struct seq_file *file, void *unused)
{
	struct pushbell_device *pb = file->private;
	struct pb_cmd_port_out out;
	int ret;

	mutex_lock(&pb->command_lock);
	ret = pushbell_command_locked(pb, pb->epoch, PB_COMMAND_QUERY_PORT, NULL, 0, &out, sizeof(out));
	if (!ret) {
		seq_printf(file, "port 1: %s mtu %u rate %u\n",
			   le32_to_cpu(out.state) == PB_PORT_STATE_ACTIVE ? "active" : "down",
			   128U << le32_to_cpu(out.mtu), le32_to_cpu(out.speed_mbps));
		pushbell_show_counters(file, pb, PB_COUNTER_KIND_PORT, 0);
		show_gids(file, pb, le32_to_cpu(out.gid_entries));
		seq_puts(file, "page 0:\n");
		pushbell_show_counters(file, pb, PB_COUNTER_KIND_PAGE, 0);
	}
	mutex_unlock(&pb->command_lock);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(port);

void pushbell_debugfs_port(struct pushbell_device *pb)
{
	debugfs_create_file("port", 0400, pb->debugfs, pb, &port_fops);
}
