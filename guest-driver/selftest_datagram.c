// SPDX-License-Identifier: GPL-2.0
/* Unreliable queue pairs: UC, UD with its global route header, GSI; address handles and the GID table. */
#include <linux/in.h>
#include "selftest.h"

#define LOG_DEPTH 4
#define STRIDE_128 7
#define BYTES 8192
#define GSI_QKEY 0x80010000	/* IBTA 10.2.4: the well-known one */
#define IPV4_AT 20		/* of the IPv4 header in GRH_BYTES */
#define MTU_BYTES 4096

static u64 port_counter(struct selftest *t, size_t offset)
{
	struct pb_cmd_port_counters counters = { };

	if (pushbell_query_counters(t->pb, PB_COUNTER_KIND_PORT, 0, &counters, sizeof(counters)))
		return ~0ULL;
	return le64_to_cpu(*(__le64 *)((u8 *)&counters + offset));
}

#define PORT_COUNTER(t, name) port_counter(t, offsetof(struct pb_cmd_port_counters, name))

struct unreliable {
	struct selftest *t;
	struct pushbell_qp *pair[2];
	struct st_buffer *from, *to;
	struct pushbell_mr *remote;
};

static int uc_open(struct unreliable *u, struct selftest *t)
{
	*u = (struct unreliable) { .t = t, .from = st_buffer(t, BYTES), .to = st_buffer(t, BYTES),
				   .remote = st_whole(t, NULL, ST_ALL_RIGHTS) };
	if (!u->from || !u->to || !u->remote)
		return -EIO;
	return st_pair(t, (struct pushbell_qp_parameters) { .type = PB_QP_TYPE_UC, .send_log_depth = LOG_DEPTH,
		       .send_log_stride = STRIDE_128 }, PB_MTU_MTU_1024, u->pair);
}

static int uc_operation(struct unreliable *u, u8 opcode, u32 length, enum pushbell_how how)
{
	struct pushbell_range from = st_range(u->t, u->from, 0, length), to = st_range(u->t, u->to, 0, length);
	bool write = opcode == PB_OPCODE_RDMA_WRITE || opcode == PB_OPCODE_RDMA_WRITE_IMM;
	bool immediate = opcode == PB_OPCODE_SEND_IMM || opcode == PB_OPCODE_RDMA_WRITE_IMM;
	bool receives = opcode != PB_OPCODE_RDMA_WRITE;
	struct selftest *t = u->t;
	const struct pushbell_wc *wc;

	st_scramble(u->from, length + opcode);
	st_forget(t);
	if (receives)
		ST_TRY(t, st_recv(u->pair[1], 2, &to, write ? 0 : 1));
	if (st_post(t, u->pair[0], (struct pushbell_wr) { .wr_id = 1, .opcode = opcode, .gather = &from,
			.gather_count = 1, .immediate = immediate ? length : 0, .rkey = write ? u->remote->object.handle : 0,
			.remote_address = write ? u->to->address : 0 }, how))
		return -EIO;
	memcpy(u->to->shadow, u->from->shadow, length);
	if (st_wait_good(t, 1 + receives) || st_verify(t))
		return -EIO;
	if (!receives)
		return 0;
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->byte_count == length && wc->with_immediate == immediate, "opcode %u", opcode);
	ST_EQUAL(t, wc->immediate, immediate ? length : 0);
	return 0;
}

static int uc(struct selftest *t)
{
	static const u8 opcodes[] = { PB_OPCODE_SEND, PB_OPCODE_SEND_IMM, PB_OPCODE_RDMA_WRITE, PB_OPCODE_RDMA_WRITE_IMM };
	static const u32 lengths[] = { 1, 1024, 1025, 7000 };
	struct pushbell_range range;
	struct unreliable u;
	unsigned int i, n;
	u64 dropped;

	if (uc_open(&u, t))
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		for (n = 0; n < ARRAY_SIZE(lengths); n++)
			if (uc_operation(&u, opcodes[i], lengths[n], n % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
	/* No receive: the message is gone, and the sender does not hear of it. */
	dropped = PORT_COUNTER(t, rx_no_receive);
	range = st_range(t, u.from, 0, 3000);
	st_forget(t);
	ST_TRY(t, st_send(u.pair[0], 3, &range, 1, PUSHBELL_DOORBELL));
	if (st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, PORT_COUNTER(t, rx_no_receive), dropped + 1);
	/* A key that does not allow it: the same, and both stay in service. */
	st_forget(t);
	if (st_post(t, u.pair[0], (struct pushbell_wr) { .wr_id = 4, .opcode = PB_OPCODE_RDMA_WRITE, .gather = &range,
			.gather_count = 1, .rkey = t->pb->mr.object.handle, .remote_address = u.to->address },
		    PUSHBELL_DOORBELL) || st_wait_good(t, 1) || st_verify(t))
		return -EIO;
	return uc_operation(&u, PB_OPCODE_SEND, 2000, PUSHBELL_PUSH);
}

static struct pushbell_qp *datagram_qp(struct selftest *t, u8 type, u8 flags, u32 qkey)
{
	struct pushbell_path path = pushbell_path_to_self(t->pb, 0, PB_MTU_MTU_4096, 0xfffffe, 0);
	struct pushbell_qp *qp = st_qp(t, &(struct pushbell_qp_parameters) {
		.type = type, .flags = flags, .send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128,
		.recv_log_depth = LOG_DEPTH, .recv_log_stride = STRIDE_128,
	});
	int ret;

	path.qkey = qkey;
	ret = qp ? pushbell_qp_connect_path(qp, &path) : -EIO;
	if (ret)
		st_note(t, "datagram queue pair is not ready: %d", ret);
	return ret ? NULL : qp;
}

struct datagram {
	struct selftest *t;
	struct pushbell_qp *from, *to;
	struct pushbell_ah *ah;
	struct st_buffer *source, *target;
	u32 qkey;
};

static int send_datagram(struct datagram *d, u32 length, u32 immediate, enum pushbell_how how)
{
	struct pushbell_range from = st_range(d->t, d->source, 0, length);
	struct pushbell_range to[2] = { st_range(d->t, d->target, 0, PB_GRH_BYTES),
					st_range(d->t, d->target, PB_GRH_BYTES, length) };
	struct selftest *t = d->t;

	st_forget(t);
	ST_TRY(t, st_recv(d->to, 2, to, 2));
	return st_post(t, d->from, (struct pushbell_wr) {
		.wr_id = 1, .opcode = immediate ? PB_OPCODE_SEND_IMM : PB_OPCODE_SEND, .gather = &from, .gather_count = 1,
		.immediate = immediate, .ah = d->ah, .dest_qpn = d->to->object.handle, .qkey = d->qkey }, how);
}

static int one_datagram(struct datagram *d, u32 length, u32 immediate, enum pushbell_how how)
{
	struct selftest *t = d->t;
	const struct pushbell_wc *wc;

	st_scramble(d->source, length);
	if (send_datagram(d, length, immediate, how) || st_wait_good(t, 2))
		return -EIO;
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->grh, "%u bytes", length);
	ST_EQUAL(t, wc->byte_count, PB_GRH_BYTES + length);
	ST_EQUAL(t, wc->src_qpn, d->from->object.handle);
	ST_EXPECT(t, wc->with_immediate == !!immediate && wc->immediate == immediate, "%u bytes", length);
	st_shadow_accept(d->target, 0, PB_GRH_BYTES);
	memcpy(d->target->shadow + PB_GRH_BYTES, d->source->shadow, length);
	return st_verify(t);
}

/* Version 4, UDP, from and to the address that GID 0 stands for. */
static int is_ipv4_header(struct datagram *d, u32 length)
{
	const u8 *ip = d->target->data + IPV4_AT, *address = d->t->pb->self.gid + 12;
	struct selftest *t = d->t;

	ST_EQUAL(t, ip[0], 0x45);
	ST_EQUAL(t, ip[9], IPPROTO_UDP);
	ST_EXPECT(t, !memcmp(ip + 12, address, 4) && !memcmp(ip + 16, address, 4), "%pI4 to %pI4", ip + 12, ip + 16);
	return 0;
}

static int open_datagram(struct datagram *d, struct selftest *t)
{
	*d = (struct datagram) {
		.t = t, .qkey = 0x1234, .ah = st_ah(t, &t->pb->self),
		.from = datagram_qp(t, PB_QP_TYPE_UD, 0, 0x99), .to = datagram_qp(t, PB_QP_TYPE_UD, 0, 0x1234),
		.source = st_buffer(t, BYTES), .target = st_buffer(t, BYTES),
	};
	return d->ah && d->from && d->to && d->source && d->target ? 0 : -EIO;
}

static int ud(struct selftest *t)
{
	static const u32 lengths[] = { 0, 1, 256, 4095, MTU_BYTES };
	struct datagram d;
	unsigned int i;
	u64 bad, none;

	if (open_datagram(&d, t))
		return -EIO;
	for (i = 0; i < 2 * ARRAY_SIZE(lengths); i++)
		if (one_datagram(&d, lengths[i / 2], i % 2 ? 0x42 + i : 0, i % 3 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL) ||
		    is_ipv4_header(&d, lengths[i / 2]))
			return -EIO;
	/* A wrong Q_Key: dropped and counted; the receive stays for the next. */
	bad = PORT_COUNTER(t, rx_qkey);
	d.qkey = 0x1235;
	if (send_datagram(&d, 100, 0, PUSHBELL_DOORBELL) || st_wait_good(t, 1))
		return -EIO;
	ST_EQUAL(t, PORT_COUNTER(t, rx_qkey), bad + 1);
	d.qkey = 0x1234;
	none = PORT_COUNTER(t, rx_no_receive);
	for (i = 0; i < 3; i++) {	/* one more than there are receives, after the one that it takes */
		struct pushbell_range from = st_range(t, d.source, 0, 100);

		st_forget(t);
		if (st_post(t, d.from, (struct pushbell_wr) { .wr_id = 1, .opcode = PB_OPCODE_SEND, .gather = &from,
				.gather_count = 1, .ah = d.ah, .dest_qpn = d.to->object.handle, .qkey = d.qkey },
			    PUSHBELL_DOORBELL) || st_wait_good(t, i ? 1 : 2))
			return -EIO;
	}
	ST_EQUAL(t, PORT_COUNTER(t, rx_no_receive), none + 2);
	st_shadow_accept(d.target, 0, PB_GRH_BYTES + 100);
	return 0;
}

/* A second address, IPv6, and a handle that is moved to it: the header in front of the message tells. */
static int gids(struct selftest *t)
{
	static const u8 gid[16] = { 0xfd, 0x12, [14] = 1, [15] = 2 };
	struct pushbell_address address = t->pb->self;
	struct pb_cmd_set_gid out;
	struct datagram d;

	if (open_datagram(&d, t))
		return -EIO;
	ST_TRY(t, pushbell_gid_set(t->pb, 1, gid, NULL));
	if (st_wait_told(t, PB_EVENT_TYPE_GID_CHANGE, 1, 1))
		return -EIO;
	ST_EQUAL(t, t->told[t->told_count - 1].detail, 1);
	ST_TRY(t, pushbell_gid_query(t->pb, 1, &out));
	ST_EXPECT(t, !memcmp(out.gid, gid, 16) && out.type == PB_GID_TYPE_ROCE_V2, "%pI6c", out.gid);
	memcpy(address.gid, gid, 16);
	address.sgid_index = 1;
	address.traffic_class = 0x68;
	address.flow_label = 0x12345;
	address.hop_limit = 9;
	ST_TRY(t, pushbell_ah_modify(d.ah, &address));
	if (one_datagram(&d, 700, 0, PUSHBELL_DOORBELL))
		return -EIO;
	ST_EXPECT(t, d.target->data[0] >> 4 == 6 && d.target->data[7] == 9 && !memcmp(d.target->data + 8, gid, 16) &&
		  !memcmp(d.target->data + 24, gid, 16), "%16ph", d.target->data);
	ST_TRY(t, pushbell_ah_modify(d.ah, &t->pb->self));
	ST_TRY(t, pushbell_gid_clear(t->pb, 1));
	ST_EXPECT(t, pushbell_ah_modify(d.ah, &address) == -EINVAL, "an address handle of no GID");
	return one_datagram(&d, 300, 0, PUSHBELL_PUSH) ? -EIO : is_ipv4_header(&d, 300);
}

/* Queue pair 1: there is one, and its Q_Key is the well-known one. */
static int gsi(struct selftest *t)
{
	struct datagram d = { .t = t, .qkey = GSI_QKEY, .ah = st_ah(t, &t->pb->self), .source = st_buffer(t, BYTES),
			      .target = st_buffer(t, BYTES) };
	struct pushbell_qp_parameters second = { .type = PB_QP_TYPE_GSI, .send_cq = t->cq, .recv_cq = t->cq,
		.send_log_depth = LOG_DEPTH, .send_log_stride = STRIDE_128, .recv_log_depth = LOG_DEPTH,
		.recv_log_stride = STRIDE_128 };
	struct pushbell_qp *another;

	d.to = datagram_qp(t, PB_QP_TYPE_GSI, PB_QP_FLAG_PRIVILEGED, GSI_QKEY);
	d.from = datagram_qp(t, PB_QP_TYPE_UD, PB_QP_FLAG_PRIVILEGED, GSI_QKEY);
	if (!d.ah || !d.source || !d.target || !d.to || !d.from)
		return -EIO;
	ST_EQUAL(t, d.to->object.handle, PB_GSI_QPN);
	another = pushbell_qp_create(t->pb, &second);
	ST_EXPECT(t, IS_ERR(another) && PTR_ERR(another) == -ENOSPC, "%ld", PTR_ERR(another));
	if (one_datagram(&d, 256, 0, PUSHBELL_PUSH) || one_datagram(&d, 256, 7, PUSHBELL_DOORBELL))
		return -EIO;
	swap(d.from, d.to);	/* and it answers */
	return one_datagram(&d, 256, 0, PUSHBELL_DOORBELL) ? -EIO : is_ipv4_header(&d, 256);
}

const struct st_case st_datagram_cases[] = {
	{ "uc", "an unreliable connection delivers, and loses in silence", uc },
	{ "ud", "datagrams with their route header, Q_Keys and lost ones", ud },
	{ "gids", "a second address, and an address handle that moves", gids },
	{ "gsi", "queue pair 1 takes and sends management datagrams", gsi },
	{ }
};
