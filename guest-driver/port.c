// SPDX-License-Identifier: GPL-2.0
/* The port: state, GID table, counters; and address handles, which name ways through it. */
#include "core.h"

int pushbell_query_port(struct pushbell_device *pb, struct pb_cmd_port_out *out)
{
	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_QUERY_PORT, NULL, 0, out, sizeof(*out));
}
EXPORT_SYMBOL_GPL(pushbell_query_port);

int pushbell_gid_set(struct pushbell_device *pb, u32 index, const u8 gid[16], const u8 mac[6])
{
	struct pb_cmd_set_gid in = { .index = cpu_to_le32(index), .type = PB_GID_TYPE_ROCE_V2 };

	memcpy(in.gid, gid, sizeof(in.gid));
	if (mac)
		memcpy(in.mac, mac, sizeof(in.mac));
	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_SET_GID, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_gid_set);

int pushbell_gid_clear(struct pushbell_device *pb, u32 index)
{
	struct pb_cmd_set_gid in = { .index = cpu_to_le32(index), .type = PB_GID_TYPE_NONE };

	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_SET_GID, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_gid_clear);

int pushbell_gid_query(struct pushbell_device *pb, u32 index, struct pb_cmd_set_gid *out)
{
	struct pb_cmd_set_gid in = { .index = cpu_to_le32(index) };

	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_QUERY_GID, &in, sizeof(in), out, sizeof(*out));
}
EXPORT_SYMBOL_GPL(pushbell_gid_query);

/* out: struct pb_cmd_port_counters, pb_cmd_qp_counters or pb_cmd_page_counters. */
int pushbell_query_counters(struct pushbell_device *pb, u32 kind, u32 handle, void *out, size_t bytes)
{
	struct pb_cmd_counters in = { .kind = cpu_to_le32(kind), .handle = cpu_to_le32(handle) };

	return pushbell_command(pb, READ_ONCE(pb->epoch), PB_COMMAND_QUERY_COUNTERS, &in, sizeof(in), out, bytes);
}
EXPORT_SYMBOL_GPL(pushbell_query_counters);

/* Who the adapter is to itself: what is sent there comes back. */
int pushbell_port_start(struct pushbell_device *pb)
{
	struct pb_cmd_set_gid in = { }, out;
	u32 lo = pushbell_read(pb, PB_REG_MAC_LO), hi = pushbell_read(pb, PB_REG_MAC_HI);
	int ret = pushbell_command_locked(pb, pb->epoch, PB_COMMAND_QUERY_GID, &in, sizeof(in), &out, sizeof(out));
	unsigned int i;

	if (ret)
		return ret;
	pb->self = (struct pushbell_address) { };
	memcpy(pb->self.gid, out.gid, sizeof(pb->self.gid));
	for (i = 0; i < sizeof(pb->self.mac); i++)
		pb->self.mac[i] = i < 4 ? lo >> 8 * i : hi >> 8 * (i - 4);
	return 0;
}

/* An address vector as commands have it. */
void pushbell_vector_put(const struct pushbell_address *address, struct pb_cmd_ah *out)
{
	out->sgid_index = address->sgid_index;
	out->hop_limit = address->hop_limit;
	out->traffic_class = address->traffic_class;
	out->flow_label = cpu_to_le32(address->flow_label);
	memcpy(out->dgid, address->gid, sizeof(out->dgid));
	memcpy(out->dmac, address->mac, sizeof(out->dmac));
	out->udp_sport = cpu_to_le16(address->udp_sport);
}

int pushbell_ah_create(struct pushbell_pd *pd, const struct pushbell_address *address, struct pushbell_ah *ah)
{
	struct pushbell_device *pb = pd->object.pb;
	struct pb_cmd_ah in = { .pd = cpu_to_le32(pd->object.handle) };
	int ret;

	pushbell_vector_put(address, &in);
	mutex_lock(&pb->command_lock);
	ret = pushbell_object_create(&ah->object, pb, pd->object.epoch, PB_COMMAND_CREATE_AH, &in, sizeof(in));
	mutex_unlock(&pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_ah_create);

int pushbell_ah_modify(struct pushbell_ah *ah, const struct pushbell_address *address)
{
	struct pb_cmd_ah in = { .handle = cpu_to_le32(ah->object.handle) };

	pushbell_vector_put(address, &in);
	return pushbell_command(ah->object.pb, ah->object.epoch, PB_COMMAND_MODIFY_AH, &in, sizeof(in), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_ah_modify);

int pushbell_ah_query(struct pushbell_ah *ah, struct pb_cmd_ah *out)
{
	int ret;

	mutex_lock(&ah->object.pb->command_lock);
	ret = pushbell_object_query(&ah->object, PB_COMMAND_QUERY_AH, out, sizeof(*out));
	mutex_unlock(&ah->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_ah_query);

int pushbell_ah_destroy(struct pushbell_ah *ah)
{
	int ret;

	mutex_lock(&ah->object.pb->command_lock);
	ret = pushbell_object_destroy(&ah->object, PB_COMMAND_DESTROY_AH);
	mutex_unlock(&ah->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_ah_destroy);
