/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the core share and children do not see. */
#ifndef PUSHBELL_CORE_H
#define PUSHBELL_CORE_H
#include "compat.h"
#include "pushbell.h"

/* cmd.c; all with command_lock held */
int pushbell_command_locked(struct pushbell_device *pb, u32 epoch, u16 opcode, const void *in, size_t in_bytes,
			    void *out, size_t out_bytes);
int pushbell_object_create(struct pushbell_object *object, struct pushbell_device *pb, u32 epoch, u16 opcode,
			   const void *in, size_t in_bytes);
int pushbell_object_destroy(struct pushbell_object *object, u16 opcode);
int pushbell_object_query(struct pushbell_object *object, u16 opcode, void *out, size_t out_bytes);
int pushbell_commands_start(struct pushbell_device *pb);

/* eq.c; start makes the queues on the adapter, after the rings have been allocated once */
int pushbell_eqs_alloc(struct pushbell_device *pb);
void pushbell_eqs_free(struct pushbell_device *pb);
int pushbell_eqs_start(struct pushbell_device *pb);
void pushbell_eqs_quiet(struct pushbell_device *pb);

/* mr.c; with command_lock held */
int pushbell_kernel_mr_create(struct pushbell_device *pb);

/* cq.c, qp.c; in interrupt context */
void pushbell_cq_event(struct pushbell_device *pb, u32 cqn);
void pushbell_qp_event(struct pushbell_device *pb, u32 qpn, u32 status);
void pushbell_qp_ended(struct pushbell_device *pb, const struct pushbell_wc *wc);

/* push.c */
int pushbell_page_map(struct pushbell_device *pb, struct pushbell_page *page, u32 number);
void pushbell_page_start(struct pushbell_page *page);

/* aux.c */
int pushbell_children_add(struct pushbell_device *pb);
void pushbell_children_remove(struct pushbell_device *pb);

/* debugfs.c */
void pushbell_debugfs_init(void);
void pushbell_debugfs_exit(void);
void pushbell_debugfs_add(struct pushbell_device *pb);
void pushbell_debugfs_remove(struct pushbell_device *pb);

#endif /* PUSHBELL_CORE_H */
