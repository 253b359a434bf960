#define _GNU_SOURCE
#include "CCurl.h"

#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "Memory.h"

static struct {
  CURLcode (*global_init_mem)(long, curl_malloc_callback, curl_free_callback,
                              curl_realloc_callback, curl_strdup_callback, curl_calloc_callback);
  curl_version_info_data *(*version_info)(CURLversion);
  CURL *(*easy_init)(void);
  void (*easy_cleanup)(CURL *);
  CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
  CURLM *(*multi_init)(void);
  CURLMcode (*multi_cleanup)(CURLM *);
  CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
  CURLMcode (*multi_add_handle)(CURLM *, CURL *);
  CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
  CURLMcode (*multi_perform)(CURLM *, int *);
  CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd[], unsigned, int, int *);
  CURLMcode (*multi_wakeup)(CURLM *);
  CURLMsg *(*multi_info_read)(CURLM *, int *);
  /* Of the libssl that libcurl brought along; NULL when it brought none. */
  uint64_t (*ssl_ctx_set_options)(void *, uint64_t);
} curl;

static int find(void *library, void *slot, const char *name) {
  void *symbol = dlsym(library, name);
  memcpy(slot, &symbol, sizeof symbol);
  return symbol != NULL;
}

cc_opening cc_open(void) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) return CC_MISSING;
  int found = find(library, &curl.global_init_mem, "curl_global_init_mem") &&
              find(library, &curl.version_info, "curl_version_info") &&
              find(library, &curl.easy_init, "curl_easy_init") &&
              find(library, &curl.easy_cleanup, "curl_easy_cleanup") &&
              find(library, &curl.easy_setopt, "curl_easy_setopt") &&
              find(library, &curl.easy_getinfo, "curl_easy_getinfo") &&
              find(library, &curl.multi_init, "curl_multi_init") &&
              find(library, &curl.multi_cleanup, "curl_multi_cleanup") &&
              find(library, &curl.multi_setopt, "curl_multi_setopt") &&
              find(library, &curl.multi_add_handle, "curl_multi_add_handle") &&
              find(library, &curl.multi_remove_handle, "curl_multi_remove_handle") &&
              find(library, &curl.multi_perform, "curl_multi_perform") &&
              find(library, &curl.multi_poll, "curl_multi_poll") &&
              find(library, &curl.multi_wakeup, "curl_multi_wakeup") &&
              find(library, &curl.multi_info_read, "curl_multi_info_read");
  if (!found) return CC_MISSING;
  curl_version_info_data *version = curl.version_info(CURLVERSION_NOW);
  if (version->version_num < 0x075500) return CC_TOO_OLD;
  /* libcurl writes the keys of each TLS session to the file that this variable names, in every
     build (lib/vtls/keylog.c). Plaintext has no business in other files. */
  if (getenv("SSLKEYLOGFILE")) unsetenv("SSLKEYLOGFILE");
  if (curl.global_init_mem(CURL_GLOBAL_DEFAULT, cc_memory_alloc, cc_memory_free, cc_memory_resize,
                           cc_memory_text, cc_memory_zeroed) != CURLE_OK)
    return CC_BROKEN;
  /* Only where the context that libcurl hands out is an SSL_CTX of OpenSSL's. */
  if (version->ssl_version && strncmp(version->ssl_version, "OpenSSL/", 8) == 0)
    find(library, &curl.ssl_ctx_set_options, "SSL_CTX_set_options");
  return CC_OPENED;
}

CURLM *cc_multi_new(long idle_connections) {
  CURLM *multi = curl.multi_init();
  if (multi) curl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, idle_connections);
  return multi;
}

void cc_multi_free(CURLM *multi) { curl.multi_cleanup(multi); }
CURLMcode cc_multi_add(CURLM *multi, CURL *easy) { return curl.multi_add_handle(multi, easy); }
CURLMcode cc_multi_remove(CURLM *multi, CURL *easy) {
  return curl.multi_remove_handle(multi, easy);
}
CURLMcode cc_multi_perform(CURLM *multi) {
  int running;
  return curl.multi_perform(multi, &running);
}
CURLMcode cc_multi_poll(CURLM *multi, int milliseconds) {
  return curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
}
CURLMcode cc_multi_wakeup(CURLM *multi) { return curl.multi_wakeup(multi); }

CURL *cc_multi_ended(CURLM *multi, CURLcode *code) {
  int left;
  CURLMsg *message;
  while ((message = curl.multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *code = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

CURL *cc_easy_new(void) { return curl.easy_init(); }
void cc_easy_free(CURL *easy) { curl.easy_cleanup(easy); }

CURLcode cc_set_long(CURL *easy, CURLoption option, long value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode cc_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode cc_set_lines(CURL *easy, struct curl_slist *lines) {
  return curl.easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
}

CURLcode cc_set_body(CURL *easy, const void *bytes, size_t count) {
  /* The size first: without it libcurl would look for a NUL. */
  CURLcode code = curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
  return code ? code : curl.easy_setopt(easy, CURLOPT_POSTFIELDS, count ? bytes : "");
}

CURLcode cc_set_body_function(CURL *easy, cc_data_function function, void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, function);
  return code ? code : curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

CURLcode cc_set_header_function(CURL *easy, cc_data_function function, void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, function);
  return code ? code : curl.easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

CURLcode cc_set_sending_function(CURL *easy, cc_sending_function function, void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
  return code ? code : curl.easy_setopt(easy, CURLOPT_PREREQDATA, context);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
  (void)context, (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode wipe_records(CURL *easy, void *ssl_context, void *context) {
  (void)easy, (void)context;
  curl.ssl_ctx_set_options(ssl_context, SSL_OP_CLEANSE_PLAINTEXT);
  return CURLE_OK;
}

CURLcode cc_set_privacy(CURL *easy) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  if (code || !curl.ssl_ctx_set_options) return code;
  return curl.easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, wipe_records);
}

long cc_proxy_status(CURL *easy) {
  long status = 0;
  curl.easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  return status;
}

static struct curl_slist *line_before(struct curl_slist *next, const char *text) {
  struct curl_slist *node = malloc(sizeof *node);
  if (!node) {
    cc_lines_free(next);
    return NULL;
  }
  node->data = (char *)text; /* libcurl reads it only */
  node->next = next;
  return node;
}

struct curl_slist *cc_lines_over(const void *block, size_t count, int has_body) {
  struct curl_slist *lines = NULL;
  const char *start = block;
  for (size_t i = count; i > 0; i--) {
    /* A line begins at the front, and after each NUL but the last. */
    if (i - 1 == 0 || start[i - 2] == 0) {
      lines = line_before(lines, start + i - 1);
      if (!lines) return NULL;
    }
  }
  if (!has_body) {
    lines = line_before(lines, "Content-Type:");
    if (!lines) return NULL;
  }
  return line_before(lines, "Expect:");
}

void cc_lines_free(struct curl_slist *lines) {
  while (lines) {
    struct curl_slist *next = lines->next;
    free(lines);
    lines = next;
  }
}
