#include "FaultyDisk.h"
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

static sqlite3_vfs *base;
static sqlite3_vfs faulty;
/* "unix" has one table of methods for databases, which are locked, and one for journals. */
typedef struct {
  sqlite3_io_methods base, faulty;
} methods;
static methods database_methods, other_methods;
static atomic_int wanted, skipped, seen, happened;

static int fails(faultydisk_operation operation) {
  if (atomic_load(&wanted) != operation) return 0;
  int number = atomic_fetch_add(&seen, 1);
  if (number != atomic_load(&skipped)) return 0;
  atomic_store(&happened, 1);
  return 1;
}

static const sqlite3_io_methods *base_of(sqlite3_file *file) {
  return file->pMethods == &database_methods.faulty ? &database_methods.base : &other_methods.base;
}

static int faulty_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  if (fails(FAULTYDISK_WRITE)) return SQLITE_IOERR_WRITE;
  if (fails(FAULTYDISK_FULL)) return SQLITE_FULL;
  return base_of(file)->xWrite(file, bytes, count, offset);
}

static int faulty_sync(sqlite3_file *file, int flags) {
  if (fails(FAULTYDISK_SYNC)) return SQLITE_IOERR_FSYNC;
  return base_of(file)->xSync(file, flags);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *out) {
  (void)vfs;
  int code = base->xOpen(base, name, file, flags, out);
  if (code == SQLITE_OK && file->pMethods) {
    methods *table = flags & SQLITE_OPEN_MAIN_DB ? &database_methods : &other_methods;
    table->base = *file->pMethods;
    table->faulty = table->base;
    table->faulty.xWrite = faulty_write;
    table->faulty.xSync = faulty_sync;
    file->pMethods = &table->faulty;
  }
  return code;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs;
  if (fails(FAULTYDISK_DELETE_BEFORE)) return SQLITE_IOERR_DELETE;
  int code = base->xDelete(base, name, sync);
  return code == SQLITE_OK && fails(FAULTYDISK_DELETE_AFTER) ? SQLITE_IOERR_DIR_FSYNC : code;
}

int faultydisk_register(void) {
  if (base) return SQLITE_OK;
  base = sqlite3_vfs_find("unix");
  if (!base) return SQLITE_ERROR;
  memcpy(&faulty, base, sizeof faulty);
  faulty.zName = "faulty";
  faulty.pNext = 0;
  faulty.xOpen = faulty_open;
  faulty.xDelete = faulty_delete;
  return sqlite3_vfs_register(&faulty, 0);
}

void faultydisk_fail(faultydisk_operation operation, int skip) {
  atomic_store(&wanted, FAULTYDISK_NONE);
  atomic_store(&seen, 0);
  atomic_store(&happened, 0);
  atomic_store(&skipped, skip);
  atomic_store(&wanted, operation);
}

int faultydisk_seen(void) { return atomic_load(&seen); }
int faultydisk_happened(void) { return atomic_load(&happened); }
