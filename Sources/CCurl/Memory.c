#define _GNU_SOURCE
#include "Memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *cc_memory_alloc(size_t count) { return malloc(count); }

void *cc_memory_zeroed(size_t items, size_t size) { return calloc(items, size); }

char *cc_memory_text(const char *text) { return strdup(text); }

void cc_memory_free(void *memory) {
  if (!memory) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  free(memory);
}

/* realloc would leave the old place unwiped when it moves. */
void *cc_memory_resize(void *memory, size_t count) {
  if (!memory) return malloc(count);
  size_t old = malloc_usable_size(memory);
  if (count <= old && count > old / 2) return memory;
  void *moved = malloc(count ? count : 1);
  if (!moved) return NULL;
  memcpy(moved, memory, old < count ? old : count);
  cc_memory_free(memory);
  return moved;
}
