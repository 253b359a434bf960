#pragma once

// What Swift cannot call as it is: variadic functions, macros, system calls without a wrapper in
// the C library, and a signal handler. Each returns -1 with errno as its man page says.

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

/// openat(2) with O_CLOEXEC always.
int cl_openat(int directory, const char *path, int flags, mode_t mode);

/// openat2(2) with O_CLOEXEC always and RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS.
int cl_openat2_without_links(int directory, const char *path, int flags, mode_t mode);

/// O_PATH and O_NOFOLLOW, which glibc shows only with _GNU_SOURCE.
extern const int cl_O_PATH;
extern const int cl_O_NOFOLLOW;
extern const int cl_O_DIRECTORY;

/// fcntl(2): O_NONBLOCK on.
int cl_set_nonblocking(int descriptor);

/// fcntl(2), F_GETLK: a process whose record lock keeps this part of the file from being written;
/// 0: there is none.
pid_t cl_record_lock_holder(int descriptor, off_t start, off_t length);

/// pipe2(2) with O_CLOEXEC.
int cl_pipe(int ends[2]);

/// faccessat(2) with AT_EACCESS: may we, as we are now, write into this directory?
int cl_may_write_directory(int directory);

/// The names in a directory: calls `each` for all but `.` and `..`.
int cl_list(int directory, void *context, void (*each)(void *context, const char *name));

/// syncfs(2), which glibc shows only with _GNU_SOURCE.
int cl_sync_file_system(int descriptor);

/// memfd_create(2): close-on-exec, sealable, and not executable where the kernel knows that.
int cl_memfd(const char *name);
/// fcntl(2): F_SEAL_WRITE, SHRINK, GROW and SEAL, all at once.
int cl_seal(int descriptor);
/// fcntl(2): the seals.
int cl_seals(int descriptor);
extern const int cl_all_seals;

/// pidfd_open(2) and pidfd_send_signal(2).
int cl_pidfd_open(pid_t pid);
int cl_pidfd_send_signal(int descriptor, int signal);
/// waitid(2) for the child behind a pidfd; takes its status away. 0 also when it is not our child.
int cl_reap(int descriptor);

/// prctl(2) and setrlimit(2).
int cl_set_dumpable(int value);
int cl_get_dumpable(void);
int cl_set_child_subreaper(int value);
int cl_get_child_subreaper(void);
int cl_forbid_core_dumps(void);
/// Gives SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE and SIGABRT back to the kernel.
int cl_crash_in_silence(void);

/// capget(2): whether the effective set holds CAP_CHOWN.
int cl_may_chown(void);

/// fgetxattr(2), fsetxattr(2).
ssize_t cl_get_attribute(int descriptor, const char *name, void *value, size_t size);
int cl_set_attribute(int descriptor, const char *name, const void *value, size_t size);

/// getpwnam_r(3), getpwuid_r(3), getgrnam_r(3), getgrouplist(3). 1: found, 0: no such, -1: errno.
/// `name` has room for 256 bytes.
int cl_user_named(const char *wanted, uid_t *user, gid_t *group, char *name);
int cl_user(uid_t wanted, uid_t *user, gid_t *group, char *name);
int cl_group_named(const char *wanted, gid_t *group);
/// The count, or -1 when there are more than `limit`.
int cl_groups_of(const char *user, gid_t group, gid_t *groups, int limit);

/// A detached thread that runs `start(context)`.
int cl_start_thread(void (*start)(void *context), void *context);

/// The columns of the terminal, or -1.
int cl_terminal_width(int descriptor);
/// Turns echo off, and puts it back when SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the program
/// meanwhile. One terminal at a time: EBUSY otherwise.
int cl_echo_off(int descriptor);
/// Puts the terminal and the signals back as they were.
int cl_echo_restore(void);
/// 1 or 0, or -1.
int cl_echoes(int descriptor);

/// strerror_r(3), GNU's.
const char *cl_error_text(int number, char *buffer, size_t size);

/// From now on SIGINT, SIGTERM and SIGHUP are only remembered.
int cl_remember_stop_signals(void);
/// The first of them that came, or 0.
int cl_stop_signal(void);

/// setgroups(2), setgid(2) and setuid(2): this process becomes another user for good.
int cl_become(uid_t user, gid_t group, const gid_t *groups, size_t count);
