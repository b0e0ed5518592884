// SPDX-License-Identifier: MIT
/*
 * Process 1 of the test guest, and its control agent. It mounts what a Linux user space expects, loads the kernel
 * modules listed in /pushbell/modules, and then obeys frames on the second serial port:
 *
 *   frame   u8 type, u8 job, u16 length (little endian), length bytes
 *   to us   'R' run the payload with /bin/sh -c     'K' kill the job     'P' power off
 *   from us 'H' ready, payload: kernel release      'O' stdout bytes     'E' stderr bytes
 *           'X' ended, payload: u32 status          'M' a module failed, payload: text
 *
 * It is C, not a shell script, because output must arrive while a command runs, byte for byte and apart for
 * stdout and stderr, and because each fork costs milliseconds where the processor is emulated.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CONTROL "/dev/ttyS1"
#define CHUNK 4096
#define JOBS 8
/* KERN_DEBUG and above stay off the console, everything else is shown: the host watches it for crashes. */
#define CONSOLE_LEVEL 7
#define SYSLOG_ACTION_CONSOLE_LEVEL 8

struct job {
	pid_t pid;     /* 0: free */
	int pipes[2];  /* read ends of stdout and stderr, -1 once closed */
	int exited;
	uint32_t status;
};

static struct job jobs[JOBS];
static int control = -1;

static void put(const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = write(control, at, length);

		if (n > 0) {
			at += n;
			length -= n;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			return;
		}
	}
}

static void send_frame(char type, uint8_t job, const void *data, uint16_t length)
{
	uint8_t header[4] = { type, job, length & 0xff, length >> 8 };

	put(header, sizeof(header));
	put(data, length);
}

static void get(void *data, size_t length)
{
	char *at = data;

	while (length > 0) {
		ssize_t n = read(control, at, length);

		if (n > 0) {
			at += n;
			length -= n;
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			usleep(1000);
		}
	}
}

static void mount_all(void)
{
	static const struct { const char *type, *at; } mounts[] = {
		{ "devtmpfs", "/dev" }, { "proc", "/proc" }, { "sysfs", "/sys" }, { "tmpfs", "/tmp" },
		{ "tmpfs", "/run" }, { "debugfs", "/sys/kernel/debug" }, { "devpts", "/dev/pts" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].at, 0755);
		mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, NULL);
	}
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static void open_control(void)
{
	struct termios raw;

	control = open(CONTROL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (control < 0 || tcgetattr(control, &raw) < 0) {
		fprintf(stderr, "pushbell-init: %s: %s\n", CONTROL, strerror(errno));
		return;
	}
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL;
	cfsetspeed(&raw, B115200);
	tcsetattr(control, TCSANOW, &raw);
}

/* One line of /pushbell/modules: path, then parameters. */
static void load_module(char *line)
{
	char *parameters = strchr(line, ' ');
	char text[512];
	int fd;

	if (parameters)
		*parameters++ = '\0';
	fd = open(line, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, parameters ? parameters : "", 0) < 0 && errno != EEXIST)) {
		int n = snprintf(text, sizeof(text), "%s: %s", line, strerror(errno));

		send_frame('M', 0, text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
	}
	if (fd >= 0)
		close(fd);
}

static void load_modules(void)
{
	FILE *list = fopen("/pushbell/modules", "re");
	char line[1024];

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			load_module(line);
	}
	if (list)
		fclose(list);
}

/* What we block and ignore for ourselves must not reach the commands. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

static void child_shell(char *command, const int ends[2])
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	reset_signals();
	dup2(null, 0);
	dup2(ends[0], 1);
	dup2(ends[1], 2);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void start_job(uint8_t id, char *command)
{
	struct job *job = &jobs[id % JOBS];
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, ends[2];

	if (job->pid != 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
		uint32_t busy = 126;

		send_frame('X', id, &busy, sizeof(busy));
		return;
	}
	ends[0] = out[1];
	ends[1] = err[1];
	*job = (struct job){ .pid = fork(), .pipes = { out[0], err[0] } };
	if (job->pid == 0)
		child_shell(command, ends);
	close(out[1]);
	close(err[1]);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
}

static void obey(void)
{
	uint8_t header[4];
	uint16_t length;
	char *payload;

	get(header, sizeof(header));
	length = header[2] | header[3] << 8;
	payload = calloc(1, length + 1);
	if (!payload)
		return;
	get(payload, length);
	switch (header[0]) {
	case 'R':
		start_job(header[1], payload);
		break;
	case 'K':
		if (jobs[header[1] % JOBS].pid > 0)
			kill(-jobs[header[1] % JOBS].pid, SIGKILL);
		break;
	case 'P':
		power_off();
		break;
	}
	free(payload);
}

static void forward(uint8_t id, int which)
{
	static char buffer[CHUNK];
	int *fd = &jobs[id].pipes[which];
	ssize_t n = read(*fd, buffer, sizeof(buffer));

	if (n > 0) {
		send_frame(which == 0 ? 'O' : 'E', id, buffer, n);
	} else if (n == 0 || errno != EINTR) {
		close(*fd);
		*fd = -1;
	}
}

/* Notes which jobs have ended; what they left behind is adopted by process 1 and just reaped. */
static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < JOBS; i++) {
			if (jobs[i].pid == pid) {
				jobs[i].exited = 1;
				jobs[i].status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			}
		}
	}
}

/*
 * A job has ended once its shell has ended and its pipes hold no more bytes. A background process may keep the
 * write ends open for ever, so what is there is drained without waiting for end of file.
 */
static void finish_jobs(void)
{
	for (int i = 0; i < JOBS; i++) {
		struct job *job = &jobs[i];

		if (job->pid == 0 || !job->exited)
			continue;
		for (int which = 0; which < 2; which++) {
			struct pollfd ready = { .fd = job->pipes[which], .events = POLLIN };

			while (job->pipes[which] >= 0 && poll(&ready, 1, 0) > 0)
				forward(i, which);
			if (job->pipes[which] >= 0)
				close(job->pipes[which]);
		}
		job->pid = 0;
		send_frame('X', i, &job->status, sizeof(job->status));
	}
}

static void serve(const sigset_t *waiting_mask)
{
	for (;;) {
		struct pollfd fds[1 + 2 * JOBS];

		fds[0] = (struct pollfd){ .fd = control, .events = POLLIN };
		for (int i = 0; i < 2 * JOBS; i++)
			fds[1 + i] = (struct pollfd){ .fd = jobs[i / 2].pid ? jobs[i / 2].pipes[i % 2] : -1, .events = POLLIN };
		/* SIGCHLD is let in only while waiting, so that no ended child is missed. */
		if (ppoll(fds, 1 + 2 * JOBS, NULL, waiting_mask) > 0) {
			for (int i = 0; i < 2 * JOBS; i++) {
				if (fds[1 + i].revents)
					forward(i / 2, i % 2);
			}
			if (fds[0].revents & POLLIN)
				obey();
		}
		reap();
		finish_jobs();
	}
}

/* A shell on the console, for people; started again when it ends. */
static void console_shell(void)
{
	if (access("/pushbell/console-shell", F_OK) != 0 || fork() != 0)
		return;
	for (;;) {
		if (fork() == 0) {
			setsid();
			reset_signals();
			int tty = open("/dev/ttyS0", O_RDWR);

			for (int i = 0; i < 3; i++)
				dup2(tty, i);
			execl("/bin/sh", "-sh", NULL);
			_exit(127);
		}
		wait(NULL);
	}
}

static void on_child(int signal_number)
{
	(void)signal_number; /* its only task is to end ppoll */
}

int main(void)
{
	sigset_t blocked, waiting; /* SIGCHLD held back, and let in */
	struct utsname name;

	mount_all();
	open_console();
	setenv("PATH", "/pushbell/bin:/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("TERM", "vt100", 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, on_child);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);

	open_control();
	klogctl(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, CONSOLE_LEVEL);
	load_modules();
	console_shell();
	uname(&name);
	send_frame('H', 0, name.release, strlen(name.release));
	serve(&waiting);
}
