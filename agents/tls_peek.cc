#include "agents/tls_peek.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <memory>

#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr size_t kPinDigits = 64;
constexpr std::string_view kPinPrefix = "sha256:";
constexpr unsigned char kAlpn[] = {2, 'h', '2'};

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;

absl::Status TlsError(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return Unavailable("{}: {}", what, reason == nullptr ? "no answer" : reason);
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<std::string> RequestFor(EVP_PKEY* key) {
  const RequestPtr request(X509_REQ_new());
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  const auto* common = reinterpret_cast<const unsigned char*>("reeve-agent");
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0) != 1 ||
      X509_REQ_set_pubkey(request.get(), key) != 1 ||
      X509_REQ_sign(request.get(), key, EVP_sha256()) <= 0 ||
      PEM_write_bio_X509_REQ(out.get(), request.get()) != 1) {
    return TlsError("making a certificate request");
  }
  return Text(out.get());
}

std::string KeyHash(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return "";
  std::string hash = Sha256Hex({reinterpret_cast<char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return hash;
}

absl::StatusOr<std::string> FindInChain(SSL* ssl, std::string_view pin) {
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);  // Not ours to free.
  const int count = chain == nullptr ? 0 : sk_X509_num(chain);
  for (int i = 0; i < count; ++i) {
    X509* certificate = sk_X509_value(chain, i);
    if (KeyHash(certificate) != pin) continue;
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(out.get(), certificate) != 1)
      return TlsError("reading the server's certificate");
    return Text(out.get());
  }
  return PermissionDenied(
      "none of the {} certificates that the server shows has the key of --ca-sha256; nothing was "
      "sent to it. Is this "
      "the right server, and the command a fresh one?",
      count);
}

std::string LocalAddress(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "";
  char text[INET6_ADDRSTRLEN] = {};
  const void* address =
      storage.ss_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&storage)->sin_addr)
          : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr);
  return inet_ntop(storage.ss_family, address, text, sizeof(text)) == nullptr ? "" : text;
}

void SetTimeouts(int fd, absl::Duration timeout) {
  const timeval tv = absl::ToTimeval(timeout);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

// Connects without TLS first: so that the timeouts count for the handshake too.
absl::Status Connect(BIO* tcp, const std::string& endpoint, absl::Duration timeout) {
  BIO_set_conn_hostname(tcp, endpoint.c_str());
  if (BIO_do_connect_retry(tcp, static_cast<int>(absl::ToInt64Seconds(timeout)), 0) != 1) {
    return TlsError(fmt::format("connecting to {}", endpoint));
  }
  int fd = -1;
  BIO_get_fd(tcp, &fd);
  BIO_socket_nbio(fd, 0);
  SetTimeouts(fd, timeout);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeyAndRequest> NewKeyAndRequest() {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (key == nullptr ||
      PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return TlsError("making a key");
  }
  KeyAndRequest result = {.key_pem = Text(out.get())};
  ASSIGN_OR_RETURN(result.csr_pem, RequestFor(key.get()));
  return result;
}

absl::StatusOr<std::string> ParsePin(std::string_view text) {
  if (text.starts_with(kPinPrefix)) text.remove_prefix(kPinPrefix.size());
  const std::string pin = ToLower(text);
  const bool hex = std::ranges::all_of(
      pin, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!hex || pin.size() != kPinDigits)
    return InvalidArgument("--ca-sha256: not 64 hexadecimal digits");
  return pin;
}

absl::StatusOr<Peer> FindPinnedCa(const std::string& endpoint, std::string_view pin,
                                  absl::Duration timeout) {
  const ContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);  // The pin is checked instead.
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn));
  BIO* tcp = BIO_new(BIO_s_connect());
  BioPtr chain(tcp);
  RETURN_IF_ERROR(Connect(tcp, endpoint, timeout));
  int fd = -1;
  BIO_get_fd(tcp, &fd);
  BIO* tls = BIO_new_ssl(context.get(), /*client=*/1);
  chain.release();
  chain.reset(BIO_push(tls, tcp));
  SSL* ssl = nullptr;
  BIO_get_ssl(tls, &ssl);
  const std::string host = endpoint.substr(0, endpoint.rfind(':'));
  SSL_set_tlsext_host_name(ssl, host.c_str());
  if (BIO_do_handshake(tls) != 1) return TlsError(fmt::format("TLS with {}", endpoint));
  ASSIGN_OR_RETURN(std::string ca, FindInChain(ssl, pin));
  return Peer{.ca_pem = std::move(ca), .local_address = LocalAddress(fd)};
}

}  // namespace reeve::agents
