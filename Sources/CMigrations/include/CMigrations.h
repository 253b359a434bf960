#ifndef CMIGRATIONS_H
#define CMIGRATIONS_H
#include <stddef.h>

/* One file of migrations/, as it was when the program was built. */
typedef struct {
  const char *_Nonnull name;
  const unsigned char *_Nonnull sql; /* not terminated by a zero */
  size_t length;
} cmigration;

extern const size_t cmigrations_count;
const cmigration *_Nonnull cmigration_at(size_t index);
#endif
