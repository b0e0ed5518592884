/* SPDX-License-Identifier: GPL-2.0 */
/* pushbell_bench: what its files share. */
#ifndef PUSHBELL_BENCH_H
#define PUSHBELL_BENCH_H
#include "compat.h"
#include "pushbell.h"

/* A device under measurement. `raise` makes it interrupt; the handler stores the time in `stamp`. */
struct bench_target {
	const char *device;
	void __iomem *scratch;		/* 32-bit register that can be read and written freely */
	void __iomem *raise;
	u32 raise_value;
	int irq;
	u64 stamp;			/* 0: not yet */
};

/* Samples of one measurement of one device, in cycles of bench_now(). */
struct bench_series {
	const char *name;
	const char *device;
	u64 *samples;
	unsigned int count;
};

#define BENCH_SAMPLES_MAX 20000

/* bench_clock.c */
void bench_clock_calibrate(struct pushbell_device *pb);
u64 bench_now(void);
u64 bench_ns(u64 cycles);
u64 bench_cycles(u64 ns);

/* bench_measure.c; each adds `count` samples */
u64 bench_overhead(void);
void bench_add(struct bench_series *series, u64 cycles, u64 overhead);
int bench_by_value(const void *a, const void *b);
int bench_reads(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);
int bench_bursts(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);
int bench_bursts_arrived(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);
int bench_spaced(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);
int bench_interrupts(struct bench_target *target, u64 overhead, struct bench_series *series, unsigned int count);

/* bench_queue.c */
struct bench_queue {
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;
	u64 stamp;
};

int bench_queue_open(struct bench_queue *queue, struct pushbell_device *pb);
void bench_queue_close(struct bench_queue *queue);
int bench_queue_interrupts(struct bench_queue *queue, enum pushbell_how how, u64 overhead,
			   struct bench_series *series, unsigned int count);
int bench_queue_polled(struct bench_queue *queue, enum pushbell_how how, u64 overhead,
		       struct bench_series *series, unsigned int count);

/* bench_backlog.c */
enum bench_bulk {
	BENCH_IDLE,
	BENCH_COPIES,		/* of 1 MiB, on 128 channels */
	BENCH_WRITES,		/* RDMA WRITEs of 1 MiB in packets of 4 KiB, on 128 queue pairs */
};

/* COPYs of 64 bytes, or register reads, while the adapter has this to do. */
struct bench_backlog {
	const char *name;
	enum bench_bulk kind;
	bool reads;
	enum pushbell_how how;	/* of the COPYs */
	unsigned int samples;
};

int bench_backlog_run(struct pushbell_device *pb, const struct bench_backlog *what, struct bench_series *series);

/* bench_edu.c */
int bench_edu_register(void);
void bench_edu_unregister(void);
struct bench_target *bench_edu_get(void);
void bench_edu_put(void);

#endif /* PUSHBELL_BENCH_H */
