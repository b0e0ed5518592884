// SPDX-License-Identifier: GPL-2.0
/* What the adapter is and that work gets through it: registers, messages, gather lists, packets, receives. */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include "selftest.h"

#define LOG_DEPTH 6
#define STRIDE_64 6
#define STRIDE_512 9

static int registers(struct selftest *t)
{
	struct pushbell_device *pb = t->pb;
	u32 bad;
	__le32 low = cpu_to_le32(pushbell_read(pb, PB_REG_MAC_LO));
	__le32 high = cpu_to_le32(pushbell_read(pb, PB_REG_MAC_HI));
	u8 mac[ETH_ALEN];

	ST_EQUAL(t, pushbell_read(pb, PB_REG_ID), PB_DEVICE_MAGIC);
	ST_EQUAL(t, FIELD_GET(PB_REG_ABI_VERSION_MAJOR, pushbell_read(pb, PB_REG_ABI_VERSION)), PB_ABI_MAJOR);
	ST_EQUAL(t, pushbell_read(pb, PB_REG_STATUS),
		 PB_STATUS_BIT_READY | PB_STATUS_BIT_ENABLED | PB_STATUS_BIT_BUS_MASTER);
	memcpy(mac, &low, 4);
	memcpy(mac + 4, &high, 2);
	ST_EXPECT(t, is_local_ether_addr(mac) && is_valid_ether_addr(mac), "MAC %pM", mac);
	writel(0xdecafbad, pb->registers + PB_REG_SCRATCH);
	ST_EQUAL(t, pushbell_read(pb, PB_REG_SCRATCH), 0xdecafbad);
	writel(0, pb->registers + PB_REG_ID);
	ST_EQUAL(t, pushbell_read(pb, PB_REG_ID), PB_DEVICE_MAGIC);
	bad = pushbell_read(pb, PB_REG_COUNT_BAD_ACCESSES);
	/* A store of another width than the register's changes nothing and is counted. */
	writeb(0, pb->registers + PB_REG_SCRATCH);
	ST_EQUAL(t, pushbell_read(pb, PB_REG_SCRATCH), 0xdecafbad);
	ST_EQUAL(t, pushbell_read(pb, PB_REG_COUNT_BAD_ACCESSES), bad + 1);
	/* One priority area in each doorbell page, and nowhere else in the doorbell range. */
	ST_EQUAL(t, pushbell_read(pb, PB_REG_DOORBELL_PAGES), PB_DOORBELL_PAGES);
	ST_EQUAL(t, pci_resource_len(pb->pdev, PB_DOORBELL_BAR), PB_DOORBELL_PAGES * PB_DOORBELL_PAGE_BYTES);
	ST_EQUAL(t, PB_PRIORITY_AREA_OFFSET + PB_PUSH_BUFFERS * PB_PUSH_BUFFER_STRIDE, PB_DOORBELL_PAGE_BYTES);
	return 0;
}

/* One message from pair[0] to pair[1]; the receiver's buffer becomes exactly the sender's bytes. */
static int one_message(struct selftest *t, struct pushbell_qp *pair[2], struct st_buffer *from, struct st_buffer *to,
		       u32 bytes, enum pushbell_how how)
{
	struct pushbell_range source = st_range(t, from, 0, bytes);
	struct pushbell_range target = st_range(t, to, 0, to->bytes);
	const struct pushbell_wc *wc;

	st_forget(t);
	ST_TRY(t, st_recv(pair[1], 2, &target, 1));
	ST_TRY(t, st_send(pair[0], 1, &source, 1, how));
	if (st_wait_good(t, 2))
		return -EIO;
	wc = st_find(t, 2, true);
	ST_EXPECT(t, wc && wc->opcode == PB_OPCODE_RECV && wc->qpn == pair[1]->object.handle, "no receive completion");
	ST_EQUAL(t, wc->byte_count, bytes);
	ST_EQUAL(t, wc->src_qpn, pair[0]->object.handle);
	wc = st_find(t, 1, false);
	ST_EXPECT(t, wc && wc->opcode == PB_OPCODE_SEND && wc->qpn == pair[0]->object.handle, "no send completion");
	ST_EQUAL(t, wc->byte_count, bytes);
	memcpy(to->shadow, from->shadow, bytes);
	return st_verify(t);
}

static int deliver(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 3000), *rung = st_buffer(t, 3000), *pushed = st_buffer(t, 3000);
	struct pushbell_qp *pair[2];
	u32 doorbells, pushes, reads;

	if (!from || !rung || !pushed || st_rc_pair(t, LOG_DEPTH, STRIDE_64, PB_MTU_MTU_1024, pair))
		return -EIO;
	st_scramble(from, 1);
	doorbells = pushbell_read(t->pb, PB_REG_COUNT_DOORBELLS);
	pushes = pushbell_read(t->pb, PB_REG_COUNT_PUSHES);
	reads = pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS);
	if (one_message(t, pair, from, rung, 3000, PUSHBELL_DOORBELL))
		return -EIO;
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_DOORBELLS), doorbells + 2);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS), reads + 1);
	st_scramble(from, 2);
	if (one_message(t, pair, from, pushed, 3000, PUSHBELL_PUSH))
		return -EIO;
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_PUSHES), pushes + 1);
	ST_EQUAL(t, pushbell_read(t->pb, PB_REG_COUNT_DESCRIPTOR_READS), reads + 1);
	return 0;
}

/* Lists of 0 to as many entries as a descriptor has room for, of odd lengths at odd addresses. */
static int gather(struct selftest *t)
{
	const u32 slot = 300;
	struct st_buffer *from = st_buffer(t, PB_MAX_SGE * slot), *to = st_buffer(t, PB_MAX_SGE * slot);
	struct pushbell_range ranges[PB_MAX_SGE], target;
	struct st_piece pieces[PB_MAX_SGE], whole;
	struct pushbell_qp *pair[2];
	u32 count, i, push, total;

	if (!from || !to || st_rc_pair(t, LOG_DEPTH, STRIDE_512, PB_MTU_MTU_256, pair))
		return -EIO;
	target = st_range(t, to, 0, to->bytes);
	whole = (struct st_piece) { to, 0, to->bytes };
	for (count = 0; count <= PB_MAX_SGE; count++) {
		for (push = 0; push < 2; push++) {
			st_scramble(from, count * 2 + push);
			for (total = 0, i = 0; i < count; i++) {
				u32 length = (i * 37 + count * 11 + push) % 259;

				/* Back to front, so that the order of the list matters. */
				pieces[i] = (struct st_piece) { from, (count - 1 - i) * slot + i % 8, length };
				ranges[i] = st_range(t, from, pieces[i].offset, length);
				total += length;
			}
			st_forget(t);
			ST_TRY(t, st_recv(pair[1], 2, &target, 1));
			ST_TRY(t, st_send(pair[0], 1, ranges, count, push ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
			if (st_wait_good(t, 2))
				return -EIO;
			ST_EQUAL(t, st_find(t, 2, true)->byte_count, total);
			st_shadow_move(pieces, count, &whole, 1);
			if (st_verify(t))
				return -EIO;
		}
	}
	return 0;
}

/* A region of pages that are neither adjacent nor in order, at an address that does not start on a page. */
static int page_list(struct selftest *t)
{
	static const u8 order[] = { 5, 2, 7, 0, 3, 6 };
	const u32 skip = 100, pages = ARRAY_SIZE(order);
	const u64 iova = 0x7f1234567000ULL + skip;
	struct st_buffer *scattered = st_buffer(t, 8 * PAGE_SIZE), *flat = st_buffer(t, pages * PAGE_SIZE);
	struct st_piece pieces[ARRAY_SIZE(order)], whole;
	struct pushbell_range range, target;
	struct pushbell_mr *mr;
	struct pushbell_qp *qp;
	u64 bus[ARRAY_SIZE(order)];
	u32 i;

	if (!scattered || !flat)
		return -EIO;
	for (i = 0; i < pages; i++) {
		bus[i] = scattered->address + order[i] * PAGE_SIZE;
		pieces[i] = (struct st_piece) { scattered, order[i] * PAGE_SIZE, PAGE_SIZE };
	}
	pieces[0].offset += skip;
	pieces[0].length -= skip;
	pieces[pages - 1].length -= 7;
	mr = st_mr(t, NULL, PB_ACCESS_LOCAL_WRITE, iova, pages * PAGE_SIZE - skip - 7, bus, pages);
	qp = st_dma(t, LOG_DEPTH, STRIDE_64);
	if (!mr || !qp)
		return -EIO;
	st_scramble(scattered, 3);
	range = (struct pushbell_range) { iova, pages * PAGE_SIZE - skip - 7, mr->object.handle };
	target = st_range(t, flat, 1, range.length);
	whole = (struct st_piece) { flat, 1, range.length };
	ST_TRY(t, st_copy(qp, 1, range, target, PUSHBELL_DOORBELL));
	st_shadow_move(pieces, pages, &whole, 1);
	if (st_wait_good(t, 1) || st_verify(t))
		return -EIO;
	st_scramble(flat, 4);
	ST_TRY(t, st_copy(qp, 2, target, range, PUSHBELL_PUSH));
	st_shadow_move(&whole, 1, pieces, pages);
	return st_wait_good(t, 2);
}

/* Each size becomes as many packets as it fills, and at least one. */
static int message_sizes(struct selftest *t)
{
	struct st_buffer *from = st_buffer(t, 3 * 4096 + 1), *to = st_buffer(t, 3 * 4096 + 1);
	u32 mtu, i, packets;

	if (!from || !to)
		return -EIO;
	for (mtu = PB_MTU_MTU_256; mtu <= PB_MTU_MTU_4096; mtu++) {
		u32 bytes = 128 << mtu;
		const u32 sizes[] = { 0, 1, bytes - 1, bytes, bytes + 1, 2 * bytes - 1, 2 * bytes, 2 * bytes + 1,
				      3 * bytes - 1, 3 * bytes, 3 * bytes + 1 };
		struct pushbell_qp *pair[2];

		if (st_rc_pair(t, LOG_DEPTH, STRIDE_64, mtu, pair))
			return -EIO;
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			st_scramble(from, mtu * 16 + i);
			packets = pushbell_read(t->pb, PB_REG_COUNT_PACKETS);
			if (one_message(t, pair, from, to, sizes[i], i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL))
				return -EIO;
			packets = pushbell_read(t->pb, PB_REG_COUNT_PACKETS) - packets;
			ST_EXPECT(t, packets == max(1U, DIV_ROUND_UP(sizes[i], bytes)),
				  "%u packets for %u bytes with MTU %u", packets, sizes[i], bytes);
		}
	}
	return 0;
}

/* Sends wait for receives, which take them in the order of posting, into lists of any shape. */
static int receives(struct selftest *t)
{
	const u32 messages = 8, bytes = 700;
	struct st_buffer *from = st_buffer(t, messages * bytes), *to = st_buffer(t, messages * 1024);
	struct pushbell_qp *pair[2];
	struct pb_cmd_qp_out out;
	u32 i;

	if (!from || !to || st_rc_pair(t, LOG_DEPTH, STRIDE_512, PB_MTU_MTU_256, pair))
		return -EIO;
	st_scramble(from, 5);
	for (i = 0; i < messages; i++) {
		struct pushbell_range source = st_range(t, from, i * bytes, bytes);

		ST_TRY(t, st_send(pair[0], i, &source, 1, i % 2 ? PUSHBELL_PUSH : PUSHBELL_DOORBELL));
	}
	ST_TRY(t, pushbell_qp_query(pair[0], &out));
	ST_EQUAL(t, le32_to_cpu(out.send_consumer), 0);
	for (i = 0; i < messages; i++) {
		struct st_piece source = { from, i * bytes, bytes };
		struct st_piece pieces[] = { { to, i * 1024 + 3, 11 * i }, { to, i * 1024 + 300, bytes - 11 * i } };
		struct pushbell_range ranges[] = {
			st_range(t, to, pieces[0].offset, pieces[0].length),
			st_range(t, to, pieces[1].offset, pieces[1].length),
		};

		ST_TRY(t, st_recv(pair[1], 100 + i, ranges, 2));
		st_shadow_move(&source, 1, pieces, 2);
	}
	if (st_wait_good(t, 2 * messages))
		return -EIO;
	for (i = 1; i < messages; i++) {
		ST_EXPECT(t, st_place(t, i - 1) < st_place(t, i), "send %u", i);
		ST_EXPECT(t, st_place(t, 99 + i) < st_place(t, 100 + i), "receive %u", i);
	}
	return st_drained(t, pair[0]);
}

const struct st_case st_deliver_cases[] = {
	{ "registers", "registers, identity and layout of the doorbell pages [claims 2, 11, 16, 26]", registers },
	{ "deliver", "doorbell and push both deliver, byte for byte [claims 1, 15, 24]", deliver },
	{ "gather", "gather lists of 0 to 30 entries, odd lengths and alignments [claims 5, 6, 19, 20]", gather },
	{ "page-list", "ranges across pages and regions [claims 5, 6, 19, 20]", page_list },
	{ "message-sizes", "message sizes around every multiple of the MTU become packets [claims 8, 22]",
	  message_sizes },
	{ "receives", "sends wait for receives and fill them in order", receives },
	{ }
};
