#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
#include <openssl/opensslv.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3.0 or newer is required"
#endif

/* Function-like macros are not imported into Swift; everything else used is a real symbol. */
static inline void *co_secure_zalloc(size_t n) { return OPENSSL_secure_zalloc(n); }
static inline void co_secure_clear_free(void *p, size_t n) { OPENSSL_secure_clear_free(p, n); }
static inline void *co_zalloc(size_t n) { return OPENSSL_zalloc(n); }
static inline void co_clear_free(void *p, size_t n) { OPENSSL_clear_free(p, n); }

/* OSSL_PARAM keeps the pointers it is given; a Swift String passed for one dies with the call.
   So parameter arrays are built here. */
static inline int co_hkdf_sha256(const void *key, size_t key_length, const void *salt,
                                 size_t salt_length, const void *info, size_t info_length,
                                 void *out, size_t out_length) {
  int ok = 0;
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
  EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
  if (context) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_length),
        OSSL_PARAM_construct_end()};
    ok = EVP_KDF_derive(context, (unsigned char *)out, out_length, parameters) == 1;
  }
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return ok;
}

static inline int co_hmac_sha256(const void *key, size_t key_length, const void *message,
                                 size_t length, void *out32) {
  size_t written = 0;
  /* EVP_Q_mac refuses a null key; the empty key is a valid one. */
  return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key_length ? key : "", key_length,
                   (const unsigned char *)message, length, (unsigned char *)out32, 32,
                   &written) != NULL && written == 32;
}

static inline int co_scrypt(const void *passphrase, size_t passphrase_length, const void *salt,
                            size_t salt_length, uint64_t n, uint64_t r, uint64_t p,
                            uint64_t memory_limit, void *out, size_t out_length) {
  return EVP_PBE_scrypt((const char *)passphrase, passphrase_length, (const unsigned char *)salt,
                        salt_length, n, r, p, memory_limit, (unsigned char *)out, out_length) == 1;
}
#endif
