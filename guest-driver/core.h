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

/* life.c */
u32 pushbell_read_sure(struct pushbell_device *pb, u32 offset);
void pushbell_halt_locked(struct pushbell_device *pb);
void pushbell_halt(struct pushbell_device *pb);
int pushbell_start(struct pushbell_device *pb);
void pushbell_go_down(struct pushbell_device *pb);
int pushbell_come_up(struct pushbell_device *pb);
void pushbell_gone(struct pushbell_device *pb);
bool pushbell_intact(struct pushbell_device *pb);
void pushbell_watch_init(struct pushbell_device *pb);
int pushbell_watch_start(struct pushbell_device *pb);
void pushbell_watch_stop(struct pushbell_device *pb);

/* power.c */
void pushbell_park(struct pushbell_device *pb);
void pushbell_unpark(struct pushbell_device *pb);
int pushbell_suspend(struct device *dev);
int pushbell_resume(struct device *dev);

/* eq.c; start makes the queues on the adapter, after the rings have been allocated once; quiet and again go together */
int pushbell_eqs_alloc(struct pushbell_device *pb);
void pushbell_eqs_free(struct pushbell_device *pb);
int pushbell_eqs_start(struct pushbell_device *pb);
void pushbell_eqs_quiet(struct pushbell_device *pb);
void pushbell_eqs_again(struct pushbell_device *pb);

/* mr.c; with command_lock held */
int pushbell_kernel_mr_create(struct pushbell_device *pb);

/* event.c; in interrupt context */
void pushbell_dispatch(struct pushbell_device *pb, const struct pb_eqe *eqe);

/* port.c; with command_lock held, after a reset */
int pushbell_port_start(struct pushbell_device *pb);
void pushbell_vector_put(const struct pushbell_address *address, struct pb_cmd_ah *out);

/* queue.c */
int pushbell_queue_init(struct pushbell_device *pb, struct pushbell_work_queue *queue, u8 log_depth, u8 log_stride);
int pushbell_queue_put(struct pushbell_device *pb, struct pushbell_work_queue *queue, const struct pushbell_wr *wr,
		       size_t *bytes);
void pushbell_queue_ended(struct pushbell_work_queue *queue, u16 index);
void pushbell_queue_rewind(struct pushbell_work_queue *queue);

/* cq.c, qp.c, srq.c; in interrupt context */
void pushbell_cq_event(struct pushbell_device *pb, u32 cqn);
void pushbell_cq_error(struct pushbell_device *pb, u32 cqn);
void pushbell_cq_again(struct pushbell_cq *cq);
void pushbell_qp_event(struct pushbell_device *pb, u32 qpn, u32 type, u32 detail);
void pushbell_srq_event(struct pushbell_device *pb, u32 srqn, u32 type);
void pushbell_qp_ended(struct pushbell_device *pb, const struct pushbell_wc *wc);

/* fault.c; report in interrupt context */
void pushbell_reports_init(struct pushbell_device *pb);
void pushbell_report(struct pushbell_device *pb, u32 type, u32 number, u32 detail);
void pushbell_command_fault(struct pushbell_device *pb, u16 opcode);
const char *pushbell_fault_text(u64 address, u32 info, char text[PUSHBELL_FAULT_TEXT]);

/* push.c */
int pushbell_page_map(struct pushbell_device *pb, struct pushbell_page *page, u32 number);
void pushbell_page_start(struct pushbell_page *page);

/* aux.c */
int pushbell_children_add(struct pushbell_device *pb);
void pushbell_children_remove(struct pushbell_device *pb);

/* debugfs_port.c */
void pushbell_debugfs_port(struct pushbell_device *pb);
void pushbell_show_counters(struct seq_file *file, struct pushbell_device *pb, u32 kind, u32 handle);

/* debugfs.c */
void pushbell_debugfs_init(void);
void pushbell_debugfs_exit(void);
void pushbell_debugfs_add(struct pushbell_device *pb);
void pushbell_debugfs_remove(struct pushbell_device *pb);

#endif /* PUSHBELL_CORE_H */
