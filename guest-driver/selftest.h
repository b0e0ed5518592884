/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases of pushbell_selftest are written with.
 *
 * A case makes its queues and buffers with st_*() and leaves them to the runner, which destroys them whatever the
 * outcome. Each buffer has a shadow: what it must contain. A case changes memory through the adapter and the shadow
 * with the processor; st_verify() compares all buffers whole, and the guard bytes around them. It runs after each
 * case too.
 */
#ifndef PUSHBELL_SELFTEST_H
#define PUSHBELL_SELFTEST_H
#include <linux/bitfield.h>
#include <linux/completion.h>
#include <linux/ktime.h>
#include "compat.h"
#include "pushbell.h"
#include "selftest_case.h"

#define ST_DEADLINE_MS 15000
#define ST_WCS 1024
#define ST_QPS 96
#define ST_CQS 8
#define ST_BUFFERS 64
#define ST_MRS 16
#define ST_PAGES 4
#define ST_PDS 4
#define ST_GUARD_BYTES 64
#define ST_WQE_MAX PB_WQE_STRIDE_MAX
#define ST_STORY_BYTES 8192
#define ST_SRQS 2
#define ST_AHS 4
#define ST_TOLD 64

struct st_buffer {
	struct pushbell_memory memory;
	u8 *shadow;
	u8 *data;
	u64 address;		/* bus address of data */
	u32 bytes;
};

/* A piece of a shadow. */
struct st_piece {
	struct st_buffer *buffer;
	u32 offset;
	u32 length;
};

struct selftest {
	struct st_frame frame;
	struct pushbell_device *pb;
	struct dentry *files[2];
	struct notifier_block resets;
	bool expects_reset;		/* the case that runs has provoked one */
	unsigned int reset_calls[2];	/* by phase, while a case runs */
	struct completion back;

	char *story;			/* of the last demonstration */
	size_t story_bytes;

	/* of the case that runs */
	struct pushbell_cq *cq;		/* the queues' own unless they ask for another */
	struct completion event;
	struct pushbell_wc wc[ST_WCS];	/* completions taken from it, in order */
	unsigned int wc_count;
	unsigned int events;		/* interrupts for it */
	u64 event_ns;			/* when the last one was handled */
	unsigned int fatals;
	u32 fatal_qpn, fatal_status;
	struct completion fatal;

	struct pushbell_report told[ST_TOLD];	/* other events than completions and fatal errors */
	unsigned int told_count;
	struct notifier_block port_events;

	struct pushbell_srq *srqs[ST_SRQS];
	struct pushbell_ah *ahs[ST_AHS];
	unsigned int srq_count, ah_count;
	struct pushbell_qp *qps[ST_QPS];
	struct pushbell_cq *cqs[ST_CQS];
	struct st_buffer *buffers[ST_BUFFERS];
	struct pushbell_mr *mrs[ST_MRS];
	struct pushbell_page *pages[ST_PAGES];
	struct pushbell_pd *pds[ST_PDS];
	unsigned int qp_count, cq_count, buffer_count, mr_count, page_count, pd_count;
};

/* Each file of cases ends with its table. */
extern const struct st_case st_deliver_cases[];
extern const struct st_case st_order_cases[];
extern const struct st_case st_push_cases[];
extern const struct st_case st_torn_cases[];
extern const struct st_case st_engine_cases[];
extern const struct st_case st_error_cases[];
extern const struct st_case st_thread_cases[];
extern const struct st_case st_life_cases[];
extern const struct st_case st_fault_cases[];
extern const struct st_case st_chain_cases[];
extern const struct st_case st_rdma_cases[];
extern const struct st_case st_remote_cases[];
extern const struct st_case st_key_cases[];
extern const struct st_case st_datagram_cases[];
extern const struct st_case st_shared_cases[];
extern const struct st_case st_state_cases[];
extern const struct st_case st_store_cases[];

/* selftest_lib.c: objects. NULL after a failure that has been noted. */
int st_open(struct selftest *t);
int st_close(struct selftest *t);
struct st_buffer *st_buffer(struct selftest *t, u32 bytes);
struct pushbell_cq *st_cq(struct selftest *t, u8 log_depth);
struct pushbell_qp *st_qp(struct selftest *t, const struct pushbell_qp_parameters *parameters);
struct pushbell_qp *st_dma(struct selftest *t, u8 log_depth, u8 log_stride);
int st_rc_pair(struct selftest *t, u8 log_depth, u8 log_stride, u8 mtu, struct pushbell_qp *pair[2]);
struct pushbell_mr *st_mr(struct selftest *t, struct pushbell_pd *pd, u8 access, u64 iova, u64 length,
			  const u64 *pages, u32 page_count);
struct pushbell_page *st_page(struct selftest *t);
struct pushbell_pd *st_pd(struct selftest *t);

int st_pair(struct selftest *t, struct pushbell_qp_parameters parameters, u8 mtu, struct pushbell_qp *pair[2]);
int st_reconnect(struct selftest *t, struct pushbell_qp *pair[2], u8 mtu);

/* selftest_objects.c: the same for what came later */
#define ST_ALL_RIGHTS (PB_ACCESS_LOCAL_WRITE | PB_ACCESS_REMOTE_WRITE | PB_ACCESS_REMOTE_READ | PB_ACCESS_REMOTE_ATOMIC)
struct pushbell_mr *st_keep_mr(struct selftest *t, struct pushbell_mr *mr, int ret);
struct pushbell_mr *st_whole(struct selftest *t, struct pushbell_pd *pd, u8 access);
struct pushbell_mr *st_fast(struct selftest *t, u32 page_count);
struct pushbell_srq *st_srq(struct selftest *t, u8 log_depth, u32 limit);
struct pushbell_ah *st_ah(struct selftest *t, const struct pushbell_address *address);
void st_tell(struct selftest *t, u32 type, u32 number, u32 detail);
void st_qp_event(struct pushbell_qp *qp, u32 type, u32 detail, void *context);
int st_port_event(struct notifier_block *block, unsigned long type, void *data);
unsigned int st_times_told(struct selftest *t, u32 type, u32 number);
int st_wait_told(struct selftest *t, u32 type, u32 number, unsigned int times);
int st_state(struct selftest *t, struct pushbell_qp *qp, u32 state);
int st_destroy_more(struct selftest *t);

/* selftest_work.c */
int st_post(struct selftest *t, struct pushbell_qp *qp, struct pushbell_wr wr, enum pushbell_how how);
struct pushbell_range st_range(struct selftest *t, const struct st_buffer *buffer, u32 offset, u32 length);
int st_send(struct pushbell_qp *qp, u64 wr_id, const struct pushbell_range *ranges, u8 count, enum pushbell_how how);
int st_recv(struct pushbell_qp *qp, u64 wr_id, const struct pushbell_range *ranges, u8 count);
int st_copy(struct pushbell_qp *qp, u64 wr_id, struct pushbell_range from, struct pushbell_range to,
	    enum pushbell_how how);
int st_fill(struct pushbell_qp *qp, u64 wr_id, u64 pattern, struct pushbell_range to, enum pushbell_how how);
size_t st_build_fill(void *wqe, u64 wr_id, u64 pattern, const struct pushbell_range *to, u8 count, u16 index);
u16 st_put_raw(struct pushbell_qp *qp, const void *wqe, size_t bytes);
void st_ring(struct pushbell_qp *qp);
void st_push_raw(struct pushbell_qp *qp, u16 index, const void *wqe, size_t bytes);
bool st_wait_event(struct selftest *t, struct completion *event);
int st_wait(struct selftest *t, unsigned int count);
int st_wait_good(struct selftest *t, unsigned int count);
int st_wait_for(struct selftest *t, const u64 *value, u64 wanted);
int st_drained(struct selftest *t, struct pushbell_qp *qp);
void st_forget(struct selftest *t);
const struct pushbell_wc *st_find(struct selftest *t, u64 wr_id, bool receive);
int st_place(struct selftest *t, u64 wr_id);
int st_verify(struct selftest *t);

/*
 * selftest_push.c: a DMA channel whose pushed descriptors fill a target with ST_PUSHED, while their copies in memory
 * would fill it with ST_MEMORY; so the target tells which one ran.
 */
#define ST_PUSHED 0x5055534845442121ULL
#define ST_MEMORY 0x4d454d4f52592121ULL
#define ST_TARGET_BYTES 64
#define ST_STORE_BYTES sizeof(u64)

struct st_rig {
	struct selftest *t;
	struct pushbell_qp *qp;
	struct st_buffer *target;
	u64 pushed[ST_WQE_MAX / ST_STORE_BYTES];	/* the descriptor as it is to be pushed */
	size_t bytes;
	u16 index;
};

int st_rig_open(struct st_rig *rig, struct selftest *t);
void st_rig_descriptor(struct st_rig *rig, u8 entries);
int st_rig_outcome(struct st_rig *rig, u64 pattern);

/* selftest_lib.c: shadows */
void st_scramble(struct st_buffer *buffer, u32 seed);
void st_shadow_move(const struct st_piece *from, unsigned int from_count, const struct st_piece *to,
		    unsigned int to_count);
void st_shadow_fill(u64 pattern, const struct st_piece *to, unsigned int count);
void st_shadow_accept(struct st_buffer *buffer, u32 offset, u32 length);

/* selftest_demo.c */
int st_demo(struct selftest *t);

#endif /* PUSHBELL_SELFTEST_H */
