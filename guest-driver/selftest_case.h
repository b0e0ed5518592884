/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a case of a self-test is, and what it looks with. pushbell_selftest and pushbell_dma_selftest each have a struct
 * selftest of their own, with everything that their cases need; the frame in it runs them (selftest_frame.h).
 */
#ifndef PUSHBELL_SELFTEST_CASE_H
#define PUSHBELL_SELFTEST_CASE_H
#include <linux/mutex.h>
#include <linux/types.h>

struct selftest;

struct st_case {
	const char *name;
	const char *title;	/* with the claims that it proves */
	int (*run)(struct selftest *t);
	bool alone;		/* too long for "all": runs when it is named */
};

struct st_frame {
	struct selftest *t;
	const struct st_case *const *tables;
	unsigned int table_count;
	int (*run_case)(struct selftest *t, const struct st_case *c);	/* and tidies up; negative: it failed */
	struct mutex lock;		/* one run at a time */
	struct task_struct *runner;
	bool closed;			/* the adapter is being reset, or away: no runs */
	char *text;			/* result of the last run */
	size_t text_bytes;
};

#define ST_SKIPPED 1

/* Leaves the case: it cannot be tried here. */
#define ST_SKIP(t, reason)									\
	do {											\
		st_note(t, "skipped: %s", reason);						\
		return ST_SKIPPED;								\
	} while (0)

/* Leaves the case, with a line that says why. `format` says what was seen. */
#define ST_EXPECT(t, condition, format, ...)							\
	do {											\
		if (!(condition)) {								\
			st_note(t, "%s:%d: not so: %s; " format, __func__, __LINE__,		\
				#condition, ##__VA_ARGS__);					\
			return -EIO;								\
		}										\
	} while (0)

#define ST_EQUAL(t, seen, wanted)								\
	do {											\
		long long seen_ = (seen), wanted_ = (wanted);					\
												\
		if (seen_ != wanted_) {								\
			st_note(t, "%s:%d: %s is %lld, not %lld", __func__, __LINE__,		\
				#seen, seen_, wanted_);						\
			return -EIO;								\
		}										\
	} while (0)

#define ST_TRY(t, call)										\
	do {											\
		int ret_ = (call);								\
												\
		if (ret_) {									\
			st_note(t, "%s:%d: %s: %d", __func__, __LINE__, #call, ret_);		\
			return -EIO;								\
		}										\
	} while (0)

/* A diagnostic line of the case that runs. */
__printf(2, 3) void st_note(struct selftest *t, const char *format, ...);

#endif /* PUSHBELL_SELFTEST_CASE_H */
