// SPDX-License-Identifier: GPL-2.0
/* A queue pair on its way through its states, and the attributes that each step needs (IBTA volume 1, table 91). */
#include "core.h"

#define CONNECTION (PB_QP_ATTR_AV | PB_QP_ATTR_MTU | PB_QP_ATTR_DEST_QPN | PB_QP_ATTR_RQ_PSN)
#define RELIABLE (PB_QP_ATTR_TIMEOUT | PB_QP_ATTR_RETRY_COUNT | PB_QP_ATTR_RNR_RETRY | PB_QP_ATTR_MAX_RD_ATOMIC)

/* What INIT, RTR and RTS ask of each type. */
static const u32 needed[][3] = {
	[PB_QP_TYPE_RC] = {
		PB_QP_ATTR_PKEY_INDEX | PB_QP_ATTR_PORT | PB_QP_ATTR_ACCESS,
		CONNECTION | PB_QP_ATTR_MAX_DEST_RD_ATOMIC | PB_QP_ATTR_MIN_RNR_TIMER,
		PB_QP_ATTR_SQ_PSN | RELIABLE,
	},
	[PB_QP_TYPE_DMA] = { 0, 0, 0 },
	[PB_QP_TYPE_UC] = { PB_QP_ATTR_PKEY_INDEX | PB_QP_ATTR_PORT | PB_QP_ATTR_ACCESS, CONNECTION, PB_QP_ATTR_SQ_PSN },
	[PB_QP_TYPE_UD] = { PB_QP_ATTR_PKEY_INDEX | PB_QP_ATTR_PORT | PB_QP_ATTR_QKEY, 0, PB_QP_ATTR_SQ_PSN },
	[PB_QP_TYPE_GSI] = { PB_QP_ATTR_PKEY_INDEX | PB_QP_ATTR_QKEY, 0, PB_QP_ATTR_SQ_PSN },
};

/* Of the loopback: nothing is lost there, so the timers never run out. */
enum { MIN_RNR_TIMER = 12, TIMEOUT = 14, RETRIES = 7 };

int pushbell_qp_modify(struct pushbell_qp *qp, struct pb_cmd_modify_qp *attributes)
{
	attributes->handle = cpu_to_le32(qp->object.handle);
	return pushbell_command(qp->object.pb, qp->object.epoch, PB_COMMAND_MODIFY_QP, attributes,
				sizeof(*attributes), NULL, 0);
}
EXPORT_SYMBOL_GPL(pushbell_qp_modify);

int pushbell_qp_query(struct pushbell_qp *qp, struct pb_cmd_qp_out *out)
{
	int ret;

	mutex_lock(&qp->object.pb->command_lock);
	ret = pushbell_object_query(&qp->object, PB_COMMAND_QUERY_QP, out, sizeof(*out));
	mutex_unlock(&qp->object.pb->command_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_qp_query);

/* Back to RESET: what was posted is forgotten, indices start at zero. Poll the completion queues empty first. */
int pushbell_qp_reset(struct pushbell_qp *qp)
{
	int ret = pushbell_qp_step(qp, PB_QP_STATE_RESET, 0, NULL);

	if (ret)
		return ret;
	pushbell_queue_rewind(&qp->send);
	pushbell_queue_rewind(&qp->recv);
	return 0;
}
EXPORT_SYMBOL_GPL(pushbell_qp_reset);

static void put_vector(struct pb_cmd_modify_qp *in, const struct pushbell_address *address)
{
	struct pb_cmd_ah vector = { };

	pushbell_vector_put(address, &vector);
	in->sgid_index = vector.sgid_index;
	in->hop_limit = vector.hop_limit;
	in->traffic_class = vector.traffic_class;
	in->flow_label = vector.flow_label;
	memcpy(in->dgid, vector.dgid, sizeof(in->dgid));
	memcpy(in->dmac, vector.dmac, sizeof(in->dmac));
	in->udp_sport = vector.udp_sport;
}

/* Fields whose bit is not set stay zero: the adapter refuses them else. */
static void put_attributes(struct pb_cmd_modify_qp *in, u32 mask, const struct pushbell_path *path)
{
	if (mask & PB_QP_ATTR_PORT)
		in->port = 1;
	if (mask & PB_QP_ATTR_AV)
		put_vector(in, &path->address);
#define TAKE(bit, field, value) do { if (mask & PB_QP_ATTR_##bit) in->field = (value); } while (0)
	TAKE(ACCESS, access, path->access);
	TAKE(MTU, mtu, path->mtu);
	TAKE(DEST_QPN, dest_qpn, cpu_to_le32(path->dest_qpn));
	TAKE(SQ_PSN, sq_psn, cpu_to_le32(path->sq_psn));
	TAKE(RQ_PSN, rq_psn, cpu_to_le32(path->rq_psn));
	TAKE(QKEY, qkey, cpu_to_le32(path->qkey));
	TAKE(MAX_RD_ATOMIC, max_rd_atomic, path->max_rd_atomic);
	TAKE(MAX_DEST_RD_ATOMIC, max_dest_rd_atomic, path->max_dest_rd_atomic);
	TAKE(MIN_RNR_TIMER, min_rnr_timer, path->min_rnr_timer);
	TAKE(TIMEOUT, timeout, path->timeout);
	TAKE(RETRY_COUNT, retry_count, path->retry_count);
	TAKE(RNR_RETRY, rnr_retry, path->rnr_retry);
#undef TAKE
}

int pushbell_qp_step(struct pushbell_qp *qp, u8 state, u32 attr_mask, const struct pushbell_path *path)
{
	struct pb_cmd_modify_qp in = { .attr_mask = cpu_to_le32(PB_QP_ATTR_STATE | attr_mask), .state = state };

	put_attributes(&in, attr_mask, path);
	return pushbell_qp_modify(qp, &in);
}
EXPORT_SYMBOL_GPL(pushbell_qp_step);

/* RESET to INIT to RTR to RTS. */
int pushbell_qp_connect_path(struct pushbell_qp *qp, const struct pushbell_path *path)
{
	static const u8 states[] = { PB_QP_STATE_INIT, PB_QP_STATE_RTR, PB_QP_STATE_RTS };
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(states) && !ret; i++)
		ret = pushbell_qp_step(qp, states[i], needed[qp->type][i], path);
	return ret;
}
EXPORT_SYMBOL_GPL(pushbell_qp_connect_path);

struct pushbell_path pushbell_path_to_self(struct pushbell_device *pb, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn)
{
	return (struct pushbell_path) {
		.address = pb->self, .dest_qpn = dest_qpn, .mtu = mtu, .sq_psn = sq_psn, .rq_psn = rq_psn,
		.qkey = PUSHBELL_QKEY,
		.access = PB_ACCESS_REMOTE_WRITE | PB_ACCESS_REMOTE_READ | PB_ACCESS_REMOTE_ATOMIC,
		.max_rd_atomic = PB_RD_ATOMIC_MAX, .max_dest_rd_atomic = PB_RD_ATOMIC_MAX,
		.min_rnr_timer = MIN_RNR_TIMER, .timeout = TIMEOUT, .retry_count = RETRIES, .rnr_retry = RETRIES,
	};
}
EXPORT_SYMBOL_GPL(pushbell_path_to_self);

int pushbell_qp_connect(struct pushbell_qp *qp, u32 dest_qpn, u8 mtu, u32 sq_psn, u32 rq_psn)
{
	struct pushbell_path path = pushbell_path_to_self(qp->object.pb, dest_qpn, mtu, sq_psn, rq_psn);

	return pushbell_qp_connect_path(qp, &path);
}
EXPORT_SYMBOL_GPL(pushbell_qp_connect);
