#pragma once
#include <stddef.h>

/* The allocator that libcurl is given: whatever it frees is wiped first. Its request buffer holds
   the bearer token, its download buffer the answer. */
void *cc_memory_alloc(size_t count);
void cc_memory_free(void *memory);
void *cc_memory_resize(void *memory, size_t count);
char *cc_memory_text(const char *text);
void *cc_memory_zeroed(size_t items, size_t size);
