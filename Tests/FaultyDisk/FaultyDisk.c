#include "FaultyDisk.h"
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DISK_COUNT = 64, SECTOR = 512 };

/* What a power failure may take back: a write, a truncation, a new name or a removal that no sync
   has made lasting. The newest comes first. */
typedef struct undo {
  struct undo *next;
  char *path;
  enum { WRITTEN, TRUNCATED, CREATED, REMOVED } kind;
  sqlite3_int64 offset, size; /* where the old bytes were, and how long the file was */
  int count;
  unsigned char *bytes;
} undo;

struct faultydisk {
  char *directory;
  faultydisk_operation wanted;
  int skip, times, happened;
  int operations, kill_at, kill_after;
  int is_dead, is_ended, open_files;
  unsigned start;
  undo *undos;
};

/* A file of this layer; the file of the layer below follows it. */
typedef struct {
  sqlite3_file head;
  faultydisk *disk;
  unsigned start; /* in which start of the disk it was opened: it outlives none */
  const char *path;
} faulty_file;

static sqlite3_vfs *base;
static sqlite3_vfs faulty;
static faultydisk *disks[DISK_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static sqlite3_file *below(sqlite3_file *file) {
  return (sqlite3_file *)((faulty_file *)file + 1);
}

/* The disk of a path; NULL for what never fails. */
static faultydisk *disk_of(const char *path) {
  faultydisk *found = NULL;
  pthread_mutex_lock(&lock);
  for (int i = 0; path && i < DISK_COUNT; i++) {
    size_t length = disks[i] ? strlen(disks[i]->directory) : 0;
    if (length && !strncmp(path, disks[i]->directory, length) && path[length] == '/')
      found = disks[i];
  }
  pthread_mutex_unlock(&lock);
  return found;
}

/* --- What becomes of an operation --- */

typedef enum { IS_DONE, FAILS, FAILS_FULL, IS_DONE_AND_FAILS } fate;

static fate wanted_fate(faultydisk *disk, faultydisk_operation kind) {
  faultydisk_operation wanted = disk->wanted;
  int is_meant = wanted == kind || (wanted == FAULTYDISK_FULL && kind == FAULTYDISK_WRITE) ||
                 (wanted == FAULTYDISK_DELETE_AFTER && kind == FAULTYDISK_DELETE_BEFORE);
  if (wanted == FAULTYDISK_NONE || !is_meant || disk->skip-- > 0) return IS_DONE;
  disk->happened = 1;
  if (--disk->times == 0) disk->wanted = FAULTYDISK_NONE;
  return wanted == FAULTYDISK_FULL           ? FAILS_FULL
         : wanted == FAULTYDISK_DELETE_AFTER ? IS_DONE_AND_FAILS
                                             : FAILS;
}

static fate fate_of(faultydisk *disk, unsigned start, faultydisk_operation kind) {
  if (!disk) return IS_DONE;
  fate fate = IS_DONE;
  pthread_mutex_lock(&lock);
  if (disk->is_dead || start != disk->start) {
    fate = FAILS;
  } else if (disk->operations++ == disk->kill_at) {
    disk->is_dead = 1;
    fate = disk->kill_after ? IS_DONE_AND_FAILS : FAILS;
  } else {
    fate = wanted_fate(disk, kind);
  }
  pthread_mutex_unlock(&lock);
  return fate;
}

/* Whether whoever opened the file is dead. */
static int is_dead(sqlite3_file *file) {
  faulty_file *own = (faulty_file *)file;
  if (!own->disk) return 0;
  pthread_mutex_lock(&lock);
  int dead = own->disk->is_dead || own->start != own->disk->start;
  pthread_mutex_unlock(&lock);
  return dead;
}

/* --- What a power failure may take back --- */

static undo *remember(faultydisk *disk, const char *path, int kind) {
  undo *undo = calloc(1, sizeof *undo);
  undo->path = strdup(path);
  undo->kind = kind;
  pthread_mutex_lock(&lock);
  undo->next = disk->undos;
  disk->undos = undo;
  pthread_mutex_unlock(&lock);
  return undo;
}

static void free_undo(undo *undo) {
  free(undo->path);
  free(undo->bytes);
  free(undo);
}

/* What was done to the file is lasting from now on; with a NULL path, what was done to any. */
static void forget(faultydisk *disk, const char *path) {
  pthread_mutex_lock(&lock);
  for (undo **place = &disk->undos; *place;) {
    undo *undo = *place;
    if (path && strcmp(undo->path, path)) {
      place = &undo->next;
    } else {
      *place = undo->next;
      free_undo(undo);
    }
  }
  pthread_mutex_unlock(&lock);
}

/* Keeps the bytes that a write or a truncation is about to take away. */
static void remember_bytes(sqlite3_file *file, int kind, sqlite3_int64 offset, int count) {
  faulty_file *own = (faulty_file *)file;
  if (!own->disk || !own->path) return;
  undo *undo = remember(own->disk, own->path, kind);
  undo->offset = offset;
  below(file)->pMethods->xFileSize(below(file), &undo->size);
  sqlite3_int64 there = undo->size > offset ? undo->size - offset : 0;
  undo->count = there < count ? (int)there : count;
  if (!undo->count) return;
  undo->bytes = malloc((size_t)undo->count);
  below(file)->pMethods->xRead(below(file), undo->bytes, undo->count, offset);
}

/* Keeps a file that is about to be removed. */
static void remember_file(faultydisk *disk, const char *path) {
  undo *undo = remember(disk, path, REMOVED);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0) return;
  if (!fstat(file, &status) && status.st_size > 0) {
    undo->bytes = malloc((size_t)status.st_size);
    undo->count = (int)read(file, undo->bytes, (size_t)status.st_size);
  }
  close(file);
}

static void free_disk(faultydisk *disk) {
  forget(disk, NULL);
  free(disk->directory);
  free(disk);
}

static uint64_t next(uint64_t *seed) { /* SplitMix64 */
  uint64_t z = *seed += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* Takes one thing back, or a part of it that ends at a sector. */
static void take_back(undo *undo, uint64_t *seed) {
  if (undo->kind == CREATED) {
    unlink(undo->path);
    return;
  }
  int flags = O_WRONLY | O_CLOEXEC | (undo->kind == REMOVED ? O_CREAT : 0);
  int file = open(undo->path, flags, 0600);
  if (file < 0) return;
  int from = 0;
  if (undo->kind == WRITTEN && undo->count > SECTOR && next(seed) % 4 == 0)
    from = (int)(next(seed) % (uint64_t)(undo->count / SECTOR)) * SECTOR;
  if (undo->count > from &&
      pwrite(file, undo->bytes + from, (size_t)(undo->count - from), undo->offset + from) < 0)
    abort();
  struct stat status;
  if (undo->kind == WRITTEN && !from && !fstat(file, &status) && status.st_size > undo->size &&
      ftruncate(file, undo->size))
    abort();
  close(file);
}

/* --- Files --- */

static int faulty_close(sqlite3_file *file) {
  faulty_file *own = (faulty_file *)file;
  int code = below(file)->pMethods->xClose(below(file));
  pthread_mutex_lock(&lock);
  int is_last = own->disk && --own->disk->open_files == 0 && own->disk->is_ended;
  pthread_mutex_unlock(&lock);
  if (is_last) free_disk(own->disk);
  return code;
}

static int faulty_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  if (is_dead(file)) return SQLITE_IOERR_READ;
  return below(file)->pMethods->xRead(below(file), bytes, count, offset);
}

static int faulty_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  faulty_file *own = (faulty_file *)file;
  fate fate = fate_of(own->disk, own->start, FAULTYDISK_WRITE);
  if (fate == FAILS) return SQLITE_IOERR_WRITE;
  if (fate == FAILS_FULL) return SQLITE_FULL;
  remember_bytes(file, WRITTEN, offset, count);
  int code = below(file)->pMethods->xWrite(below(file), bytes, count, offset);
  return fate == IS_DONE ? code : SQLITE_IOERR_WRITE;
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size) {
  faulty_file *own = (faulty_file *)file;
  fate fate = fate_of(own->disk, own->start, FAULTYDISK_NONE);
  if (fate == FAILS) return SQLITE_IOERR_TRUNCATE;
  remember_bytes(file, TRUNCATED, size, 1 << 30);
  int code = below(file)->pMethods->xTruncate(below(file), size);
  return fate == IS_DONE ? code : SQLITE_IOERR_TRUNCATE;
}

static int faulty_sync(sqlite3_file *file, int flags) {
  faulty_file *own = (faulty_file *)file;
  fate fate = fate_of(own->disk, own->start, FAULTYDISK_SYNC);
  if (fate == FAILS) return SQLITE_IOERR_FSYNC;
  int code = below(file)->pMethods->xSync(below(file), flags);
  if (code == SQLITE_OK && own->disk && own->path) forget(own->disk, own->path);
  return fate == IS_DONE ? code : SQLITE_IOERR_FSYNC;
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *size) {
  if (is_dead(file)) return SQLITE_IOERR_FSTAT;
  return below(file)->pMethods->xFileSize(below(file), size);
}

static int faulty_lock(sqlite3_file *file, int level) {
  if (is_dead(file)) return SQLITE_IOERR_LOCK;
  return below(file)->pMethods->xLock(below(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level) {
  return below(file)->pMethods->xUnlock(below(file), level);
}

static int faulty_check_reserved_lock(sqlite3_file *file, int *is_held) {
  if (is_dead(file)) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  return below(file)->pMethods->xCheckReservedLock(below(file), is_held);
}

static int faulty_file_control(sqlite3_file *file, int operation, void *argument) {
  return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int faulty_sector_size(sqlite3_file *file) {
  return below(file)->pMethods->xSectorSize(below(file));
}

static int faulty_characteristics(sqlite3_file *file) {
  return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

/* The first version of the table: no memory map and no write-ahead log, neither of which is used. */
static const sqlite3_io_methods methods = {
    1,
    faulty_close,
    faulty_read,
    faulty_write,
    faulty_truncate,
    faulty_sync,
    faulty_file_size,
    faulty_lock,
    faulty_unlock,
    faulty_check_reserved_lock,
    faulty_file_control,
    faulty_sector_size,
    faulty_characteristics,
};

static int faulty_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                       int *out) {
  (void)vfs;
  faulty_file *own = (faulty_file *)file;
  memset(own, 0, sizeof *own);
  own->disk = disk_of(path);
  own->path = path;
  if (own->disk) {
    pthread_mutex_lock(&lock);
    own->start = own->disk->start;
    int dead = own->disk->is_dead;
    pthread_mutex_unlock(&lock);
    if (dead) return SQLITE_CANTOPEN;
  }
  int is_new = own->disk && flags & SQLITE_OPEN_CREATE && access(path, F_OK);
  int code = base->xOpen(base, path, below(file), flags, out);
  if (code != SQLITE_OK) return code;
  own->head.pMethods = &methods;
  if (is_new) remember(own->disk, path, CREATED);
  pthread_mutex_lock(&lock);
  if (own->disk) own->disk->open_files++;
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *path, int sync) {
  (void)vfs;
  faultydisk *disk = disk_of(path);
  fate fate = fate_of(disk, disk ? disk->start : 0, FAULTYDISK_DELETE_BEFORE);
  if (fate == FAILS) return SQLITE_IOERR_DELETE;
  int is_lasting = sync && fate == IS_DONE;
  if (disk && !is_lasting) remember_file(disk, path);
  int code = base->xDelete(base, path, sync);
  if (disk && is_lasting && code == SQLITE_OK) forget(disk, path);
  return fate == IS_DONE ? code : SQLITE_IOERR_DIR_FSYNC;
}

/* --- Disks --- */

int faultydisk_register(void) {
  pthread_mutex_lock(&lock);
  int code = SQLITE_OK;
  if (!base) {
    base = sqlite3_vfs_find("unix");
    memcpy(&faulty, base, sizeof faulty);
    faulty.szOsFile = (int)sizeof(faulty_file) + base->szOsFile;
    faulty.zName = "faulty";
    faulty.pNext = 0;
    faulty.xOpen = faulty_open;
    faulty.xDelete = faulty_delete;
    code = sqlite3_vfs_register(&faulty, 0);
  }
  pthread_mutex_unlock(&lock);
  return code;
}

faultydisk *faultydisk_make(const char *directory) {
  faultydisk *disk = calloc(1, sizeof *disk);
  disk->directory = strdup(directory);
  disk->kill_at = -1;
  pthread_mutex_lock(&lock);
  int place = 0;
  while (place < DISK_COUNT && disks[place]) place++;
  if (place < DISK_COUNT) disks[place] = disk;
  pthread_mutex_unlock(&lock);
  if (place < DISK_COUNT) return disk;
  free_disk(disk);
  return NULL;
}

void faultydisk_end(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < DISK_COUNT; i++)
    if (disks[i] == disk) disks[i] = NULL;
  disk->is_ended = 1;
  int is_unused = disk->open_files == 0;
  pthread_mutex_unlock(&lock);
  if (is_unused) free_disk(disk);
}

void faultydisk_fail(faultydisk *disk, faultydisk_operation operation, int skip, int times) {
  pthread_mutex_lock(&lock);
  disk->wanted = operation;
  disk->skip = skip;
  disk->times = times;
  disk->happened = 0;
  pthread_mutex_unlock(&lock);
}

int faultydisk_happened(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  int happened = disk->happened;
  pthread_mutex_unlock(&lock);
  return happened;
}

void faultydisk_kill_at(faultydisk *disk, int skip, int after) {
  pthread_mutex_lock(&lock);
  disk->kill_at = disk->operations + skip;
  disk->kill_after = after;
  pthread_mutex_unlock(&lock);
}

void faultydisk_kill(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  disk->is_dead = 1;
  pthread_mutex_unlock(&lock);
}

int faultydisk_is_dead(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  int dead = disk->is_dead;
  pthread_mutex_unlock(&lock);
  return dead;
}

int faultydisk_operations(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  int operations = disk->operations;
  pthread_mutex_unlock(&lock);
  return operations;
}

int faultydisk_open_files(faultydisk *disk) {
  pthread_mutex_lock(&lock);
  int open = disk->open_files;
  pthread_mutex_unlock(&lock);
  return open;
}

void faultydisk_start(faultydisk *disk, uint64_t seed) {
  for (undo *undo = disk->undos; seed && undo; undo = undo->next)
    if (next(&seed) % 2) take_back(undo, &seed);
  forget(disk, NULL);
  pthread_mutex_lock(&lock);
  disk->start++;
  disk->is_dead = 0;
  disk->kill_at = -1;
  disk->wanted = FAULTYDISK_NONE;
  disk->operations = 0;
  pthread_mutex_unlock(&lock);
}
