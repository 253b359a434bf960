#ifndef FAULTYDISK_H
#define FAULTYDISK_H
#include <stdint.h>

/* SQLite's file layer "faulty": the one named "unix", over disks that fail and lose their power.
   The files in a directory are on one disk; what is in no such directory never fails. */
typedef struct faultydisk faultydisk;

typedef enum {
  FAULTYDISK_NONE,
  FAULTYDISK_WRITE,         /* a write fails, and nothing is written */
  FAULTYDISK_FULL,          /* a write fails for want of room */
  FAULTYDISK_SYNC,          /* a sync fails, and nothing is promised */
  FAULTYDISK_DELETE_BEFORE, /* a removal fails, and the file is still there */
  FAULTYDISK_DELETE_AFTER,  /* a removal fails although the file is gone */
} faultydisk_operation;

/* Makes the layer known to SQLite; once is enough. */
int faultydisk_register(void);
/* A disk for the files in `directory`; NULL when there are too many. */
faultydisk *faultydisk_make(const char *directory);
/* Ends a disk, once the last file on it is closed. */
void faultydisk_end(faultydisk *);

/* Lets the operation fail, after `skip` of its kind have succeeded: once, or `times` times. */
void faultydisk_fail(faultydisk *, faultydisk_operation, int skip, int times);
/* Whether a fault has happened since it was last asked for. */
int faultydisk_happened(faultydisk *);

/* Ends whoever uses the disk at its operation number `skip` from now: before the operation, or after
   it. From then on nothing works for them. Operations are writes, syncs, truncations and removals. */
void faultydisk_kill_at(faultydisk *, int skip, int after);
/* The same, now. */
void faultydisk_kill(faultydisk *);
int faultydisk_is_dead(faultydisk *);
/* How many operations have succeeded, or been tried, since the last start. */
int faultydisk_operations(faultydisk *);
/* How many files are open. */
int faultydisk_open_files(faultydisk *);
/* Lets the disk work again for whoever opens a file from now on. With a `seed` it was the power that
   failed: some of what was not synced is gone, and the seed says what. With 0 it was the process. */
void faultydisk_start(faultydisk *, uint64_t seed);
#endif
