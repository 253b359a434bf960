#pragma once
#include <curl/curl.h>
#include <stddef.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or newer is required"
#endif

/* libcurl is not linked: loading its thirty libraries costs 8 ms, which a run that sends nothing
   must not pay. It is opened by cc_open; nothing else here may be called before that succeeded.
   The header file gives types and constants alone. */

typedef enum {
  CC_OPENED,
  CC_MISSING, /* no libcurl.so.4, or a function is not in it */
  CC_TOO_OLD, /* older than 7.85 */
  CC_BROKEN   /* it could not be initialised */
} cc_opening;

/* Opens and initialises libcurl. Call it once. */
cc_opening cc_open(void);

CURLM *cc_multi_new(long idle_connections);
void cc_multi_free(CURLM *multi);
CURLMcode cc_multi_add(CURLM *multi, CURL *easy);
CURLMcode cc_multi_remove(CURLM *multi, CURL *easy);
CURLMcode cc_multi_perform(CURLM *multi);
/* Waits until a socket, a timer of libcurl's or cc_multi_wakeup says so. */
CURLMcode cc_multi_poll(CURLM *multi, int milliseconds);
/* The one call that another thread may make. */
CURLMcode cc_multi_wakeup(CURLM *multi);
/* The next transfer that ended, and how; NULL when there is none. */
CURL *cc_multi_ended(CURLM *multi, CURLcode *code);

CURL *cc_easy_new(void);
void cc_easy_free(CURL *easy);

/* curl_easy_setopt and curl_easy_getinfo are variadic, so Swift does not see them. */
typedef size_t (*cc_data_function)(char *bytes, size_t size, size_t count, void *context);
typedef int (*cc_sending_function)(void *context, char *remote, char *local, int remote_port,
                                   int local_port);
CURLcode cc_set_long(CURL *easy, CURLoption option, long value);
CURLcode cc_set_text(CURL *easy, CURLoption option, const char *value);
CURLcode cc_set_lines(CURL *easy, struct curl_slist *lines);
/* The body is not copied: it must live as long as the transfer. */
CURLcode cc_set_body(CURL *easy, const void *bytes, size_t count);
CURLcode cc_set_body_function(CURL *easy, cc_data_function function, void *context);
CURLcode cc_set_header_function(CURL *easy, cc_data_function function, void *context);
/* Called each time a request is about to be sent; anything but 0 forbids it. */
CURLcode cc_set_sending_function(CURL *easy, cc_sending_function function, void *context);
/* Sockets that no child process inherits; TLS records wiped once they are read. */
CURLcode cc_set_privacy(CURL *easy);
long cc_proxy_status(CURL *easy);

/* A header list over `block`, where each line is ended by a NUL. Nothing is copied: the lines stay
   where they are, on the secure heap, and the block must outlive the list. "Expect:" is put in
   front, which turns "Expect: 100-continue" off, and without a body "Content-Type:", which libcurl
   would make up for a POST. NULL when memory is out. */
struct curl_slist *cc_lines_over(const void *block, size_t count, int has_body);
void cc_lines_free(struct curl_slist *lines);
