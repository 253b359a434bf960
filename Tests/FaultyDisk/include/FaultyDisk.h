#ifndef FAULTYDISK_H
#define FAULTYDISK_H

/* SQLite's file layer "faulty": the one named "unix" with one fault at a time. */
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
/* Lets the operation fail once, after `skip` of its kind have succeeded. */
void faultydisk_fail(faultydisk_operation operation, int skip);
/* How many operations of the kind that was last asked to fail have been seen since. */
int faultydisk_seen(void);
/* Whether the fault has happened. */
int faultydisk_happened(void);
#endif
