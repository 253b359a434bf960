#define _GNU_SOURCE 1
#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

const int cl_O_PATH = O_PATH;
const int cl_O_NOFOLLOW = O_NOFOLLOW;
const int cl_O_DIRECTORY = O_DIRECTORY;

int cl_openat(int directory, const char *path, int flags, mode_t mode) {
    int descriptor;
    do {
        descriptor = openat(directory, path, flags | O_CLOEXEC, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

int cl_openat2_without_links(int directory, const char *path, int flags, mode_t mode) {
    struct open_how how = {0};
    how.flags = (uint64_t)(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long descriptor;
    do {
        // EAGAIN: a rename raced with the look-up; openat2(2) says to try again.
        descriptor = syscall(SYS_openat2, directory, path, &how, sizeof how);
    } while (descriptor < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)descriptor;
}

int cl_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

pid_t cl_record_lock_holder(int descriptor, off_t start, off_t length) {
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    if (fcntl(descriptor, F_GETLK, &lock) < 0) return -1;
    if (lock.l_type == F_UNLCK) return 0;
    // The kernel's -1: the lock belongs to an open file, and to no process.
    return lock.l_pid > 0 ? lock.l_pid : 0;
}

int cl_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cl_sync_file_system(int descriptor) { return syncfs(descriptor); }

int cl_may_write_directory(int directory) {
    return faccessat(directory, ".", W_OK | X_OK, AT_EACCESS);
}

int cl_list(int directory, void *context, void (*each)(void *, const char *)) {
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return -1;
    DIR *stream = fdopendir(own);
    if (stream == NULL) {
        int saved = errno;
        close(own);
        errno = saved;
        return -1;
    }
    int failure = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            failure = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(context, entry->d_name);
    }
    closedir(stream);
    errno = failure;
    return failure ? -1 : 0;
}

int cl_memfd(const char *name) {
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int descriptor = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    // Before Linux 6.3 the flag is unknown.
    if (descriptor < 0 && errno == EINVAL) descriptor = memfd_create(name, flags);
    return descriptor;
}

const int cl_all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int cl_seal(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, cl_all_seals); }

int cl_seals(int descriptor) { return fcntl(descriptor, F_GET_SEALS); }

int cl_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cl_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int cl_reap(int descriptor) {
    siginfo_t info;
    int result;
    do {
        result = waitid((idtype_t)P_PIDFD, (id_t)descriptor, &info, WEXITED);
    } while (result < 0 && errno == EINTR);
    return result < 0 && errno != ECHILD ? -1 : 0;
}

int cl_set_dumpable(int value) { return prctl(PR_SET_DUMPABLE, value, 0, 0, 0); }

int cl_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

int cl_set_child_subreaper(int value) { return prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0); }

int cl_get_child_subreaper(void) {
    int value = -1;
    return prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0) < 0 ? -1 : value;
}

int cl_forbid_core_dumps(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

int cl_may_chown(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    return (data[0].effective >> CAP_CHOWN) & 1;
}

ssize_t cl_get_attribute(int descriptor, const char *name, void *value, size_t size) {
    return fgetxattr(descriptor, name, value, size);
}

int cl_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

/// Calls a look-up with ever larger buffers, up to 1 MiB.
#define LOOK_UP(call, found)                                       \
    for (size_t size = 4096; size <= (1 << 20); size *= 4) {       \
        char *buffer = malloc(size);                               \
        if (buffer == NULL) return -1;                             \
        int failure = call;                                        \
        if (failure == 0 && result != NULL) { found }              \
        free(buffer);                                              \
        if (failure == ERANGE) continue;                           \
        if (failure == EINTR) continue;                            \
        /* Some modules say "no such entry" by an error: getpwnam_r(3). */ \
        if (failure == ENOENT || failure == ESRCH || failure == EBADF || failure == EPERM) \
            return 0;                                              \
        if (failure != 0) {                                        \
            errno = failure;                                       \
            return -1;                                             \
        }                                                          \
        return result != NULL;                                     \
    }                                                              \
    errno = ERANGE;                                                \
    return -1;

#define FOUND_USER                                                 \
    *user = record.pw_uid;                                         \
    *group = record.pw_gid;                                        \
    strncpy(name, record.pw_name, 255);                            \
    name[255] = 0;

int cl_user_named(const char *wanted, uid_t *user, gid_t *group, char *name) {
    struct passwd record, *result = NULL;
    LOOK_UP(getpwnam_r(wanted, &record, buffer, size, &result), FOUND_USER)
}

int cl_user(uid_t wanted, uid_t *user, gid_t *group, char *name) {
    struct passwd record, *result = NULL;
    LOOK_UP(getpwuid_r(wanted, &record, buffer, size, &result), FOUND_USER)
}

int cl_group_named(const char *wanted, gid_t *group) {
    struct group record, *result = NULL;
    LOOK_UP(getgrnam_r(wanted, &record, buffer, size, &result), *group = record.gr_gid;)
}

int cl_groups_of(const char *user, gid_t group, gid_t *groups, int limit) {
    int count = limit;
    return getgrouplist(user, group, groups, &count) < 0 ? -1 : count;
}

struct start {
    void (*body)(void *);
    void *context;
};

static void *run(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
    start.body(start.context);
    return NULL;
}

int cl_start_thread(void (*body)(void *), void *context) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return -1;
    start->body = body;
    start->context = context;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int failure = pthread_create(&thread, &attributes, run, start);
    pthread_attr_destroy(&attributes);
    if (failure != 0) {
        free(start);
        errno = failure;
        return -1;
    }
    return 0;
}

int cl_terminal_width(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -1;
    return size.ws_col;
}

// The terminal without its echo. A handler of signals may touch only what is here, and calls only
// what signal-safety(7) lists: tcsetattr, sigaction, raise.

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ending_count = sizeof ending_signals / sizeof ending_signals[0] };

static volatile sig_atomic_t echo_is_off = 0;
static int echo_descriptor = -1;
static struct termios echo_before;
static struct sigaction actions_before[ending_count];
static pthread_mutex_t echo_lock = PTHREAD_MUTEX_INITIALIZER;

static void end_with_echo(int number) {
    int saved = errno;
    if (echo_is_off) tcsetattr(echo_descriptor, TCSANOW, &echo_before);
    for (int i = 0; i < ending_count; i++)
        if (ending_signals[i] == number) sigaction(number, &actions_before[i], NULL);
    // Blocked while this handler runs; delivered to the earlier action when it returns.
    raise(number);
    errno = saved;
}

int cl_echo_off(int descriptor) {
    if (pthread_mutex_trylock(&echo_lock) != 0) {
        errno = EBUSY;
        return -1;
    }
    if (tcgetattr(descriptor, &echo_before) < 0) {
        int saved = errno;
        pthread_mutex_unlock(&echo_lock);
        errno = saved;
        return -1;
    }
    echo_descriptor = descriptor;
    echo_is_off = 1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_with_echo;
    sigfillset(&action.sa_mask);
    for (int i = 0; i < ending_count; i++) {
        sigaction(ending_signals[i], NULL, &actions_before[i]);
        // Who ignores a signal (nohup) goes on ignoring it.
        if (actions_before[i].sa_handler != SIG_IGN)
            sigaction(ending_signals[i], &action, NULL);
    }
    struct termios quiet = echo_before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    quiet.c_lflag |= ECHONL | ICANON | ISIG;
    // No stopping: the shell would get a terminal without an echo.
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
    int result;
    do {
        // What was typed ahead was seen; it is thrown away.
        result = tcsetattr(descriptor, TCSAFLUSH, &quiet);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        int saved = errno;
        cl_echo_restore();
        errno = saved;
    }
    return result;
}

int cl_echo_restore(void) {
    int result;
    do {
        result = tcsetattr(echo_descriptor, TCSANOW, &echo_before);
    } while (result < 0 && errno == EINTR);
    int saved = errno;
    echo_is_off = 0;
    for (int i = 0; i < ending_count; i++)
        sigaction(ending_signals[i], &actions_before[i], NULL);
    pthread_mutex_unlock(&echo_lock);
    errno = saved;
    return result;
}

int cl_echoes(int descriptor) {
    struct termios now;
    if (tcgetattr(descriptor, &now) < 0) return -1;
    return (now.c_lflag & ECHO) != 0;
}

const char *cl_error_text(int number, char *buffer, size_t size) {
    return strerror_r(number, buffer, size);
}

static volatile sig_atomic_t stop_signal;

static void remember_stop(int number) {
  if (stop_signal == 0) stop_signal = number;
}

int cl_remember_stop_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = remember_stop;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    if (sigaction(numbers[i], &action, NULL) != 0) return -1;
  return 0;
}

int cl_stop_signal(void) { return stop_signal; }

int cl_become(uid_t user, gid_t group, const gid_t *groups, size_t count) {
  if (setgroups(count, groups) != 0) return -1;
  if (setgid(group) != 0) return -1;
  return setuid(user);
}

int cl_crash_in_silence(void) {
  static const int numbers[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    if (signal(numbers[i], SIG_DFL) == SIG_ERR) return -1;
  return 0;
}
