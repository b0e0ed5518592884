/* SPDX-License-Identifier: GPL-2.0 */
/* pushbell_bugs: what its files share. */
#ifndef PUSHBELL_BUGS_H
#define PUSHBELL_BUGS_H
#include <linux/bitfield.h>
#include <linux/completion.h>
#include "compat.h"
#include "pushbell.h"

#define BUGS_TEXT_BYTES 4096
#define BUGS_WAIT_MS 3000

struct bugs {
	struct pushbell_device *pb;
	struct dentry *file;
	struct notifier_block resets;
	struct mutex lock;
	bool closed;		/* the adapter is being reset, or away */
	char *text;		/* report of the last bug */
	size_t text_bytes;
};

/* Pages with a streaming mapping. */
struct bug_pages {
	u8 *cpu;
	dma_addr_t bus;
	size_t mapped;		/* bytes; 0: not mapped */
	enum dma_data_direction direction;
	unsigned int order;
};

/* One planted bug: what it works with, what is expected of the adapter, and what it did. */
struct bug_scene {
	struct pushbell_device *pb;
	bool iommu;
	struct bug_pages pages[2];
	struct pushbell_cq *cq;
	struct pushbell_qp *qp;		/* the one that the bug hits */
	struct pushbell_qp *peer;
	struct completion event, failed;

	u64 first, last;		/* addresses that are not the adapter's to touch */
	u32 object;			/* PB_FAULT_OBJECT_* that it would touch there */
	const u8 *watched;		/* bytes that must stay BUGS_POISON */
	size_t watched_bytes;

	const char *skipped;		/* why it cannot be tried */
	bool completed;
	struct pushbell_wc wc;		/* of the faulty work request */
	const char *event_name;
	u32 event_number, event_status;
	int command;
	u32 faults_before;
};

#define BUGS_POISON 0x5a
#define BUGS_FAULTY_ID 0xbadULL	/* wr_id of the faulty work request */

struct bug {
	const char *name;
	int (*plant)(struct bug_scene *scene);
};

/* bugs_plant.c; ends with an empty row */
extern const struct bug bugs_all[];

/* bugs_scene.c; what they make is cleaned up by close, whatever happened */
int bugs_scene_open(struct bug_scene *scene, struct pushbell_device *pb);
int bugs_scene_close(struct bug_scene *scene);
int bugs_pages(struct bug_scene *scene, struct bug_pages *pages, unsigned int order);
int bugs_map(struct bug_scene *scene, struct bug_pages *pages, size_t bytes, enum dma_data_direction direction);
void bugs_unmap(struct bug_scene *scene, struct bug_pages *pages);
void bugs_watch(struct bug_scene *scene, u8 *bytes, size_t count);
int bugs_channel(struct bug_scene *scene, u64 send_address);
int bugs_pair(struct bug_scene *scene);
int bugs_wait(struct bug_scene *scene, u64 wr_id);
bool bugs_hole_behind(struct bug_scene *scene, const struct bug_pages *pages);
void bugs_free_under(struct bug_scene *scene, struct pushbell_memory *memory);

/* bugs_report.c */
void bugs_report(struct bugs *b, const char *name, struct bug_scene *scene, int ret);

#endif /* PUSHBELL_BUGS_H */
