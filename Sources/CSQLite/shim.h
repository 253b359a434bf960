#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H
#include <sqlite3.h>
#include <string.h>

/* Variadic functions and function-like macros are not imported into Swift. */
static inline int csqlite_db_config(sqlite3 *db, int option, int on) {
  int now = -1;
  int rc = sqlite3_db_config(db, option, on, &now);
  return rc != SQLITE_OK ? rc : (now == on ? SQLITE_OK : SQLITE_ERROR);
}

/* SQLITE_TRANSIENT is a cast, which is not imported either: SQLite copies the bytes. */
static inline int csqlite_bind_text(sqlite3_stmt *s, int i, const void *p, int n) {
  return sqlite3_bind_text(s, i, p ? (const char *)p : "", n, SQLITE_TRANSIENT);
}
static inline int csqlite_bind_blob(sqlite3_stmt *s, int i, const void *p, int n) {
  return n == 0 ? sqlite3_bind_zeroblob(s, i, 0) : sqlite3_bind_blob(s, i, p, n, SQLITE_TRANSIENT);
}

/* What a statement may not do once the connection is set up: change the schema, attach a file,
   or change a setting. The two checks are PRAGMAs that only read. */
static int csqlite_authorize(void *unused, int action, const char *a, const char *b,
                             const char *database, const char *trigger) {
  (void)unused; (void)b; (void)database; (void)trigger;
  switch (action) {
    case SQLITE_READ: case SQLITE_SELECT: case SQLITE_FUNCTION: case SQLITE_INSERT:
    case SQLITE_UPDATE: case SQLITE_DELETE: case SQLITE_TRANSACTION: case SQLITE_SAVEPOINT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      return a && (!strcmp(a, "integrity_check") || !strcmp(a, "quick_check")) ? SQLITE_OK
                                                                              : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}
static inline int csqlite_restrict(sqlite3 *db, int on) {
  return sqlite3_set_authorizer(db, on ? csqlite_authorize : NULL, NULL);
}
#endif
