#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H
#include <sqlite3.h>

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
#endif
