#include "apiserver/pki.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

template <typename T, void (*kFree)(T*)>
struct Deleter {
  void operator()(T* object) const { kFree(object); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, kFree>>;

void FreeBio(BIO* bio) { BIO_free_all(bio); }
void FreeNames(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }

using KeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using CertPtr = Owned<X509, X509_free>;
using CsrPtr = Owned<X509_REQ, X509_REQ_free>;
using BioPtr = Owned<BIO, FreeBio>;
using NamesPtr = Owned<GENERAL_NAMES, FreeNames>;

constexpr absl::Duration kCaLifetime = absl::Hours(24 * 3650);
// Clocks of hosts are seldom exact.
constexpr absl::Duration kBackdate = absl::Hours(1);
constexpr int kRsaBitsMin = 2048;
constexpr int kEcBitsMin = 256;

absl::Status SslError(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return Internal("{}: {}", what, reason == nullptr ? "OpenSSL failed" : reason);
}

BioPtr ReadBio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<KeyPtr> NewKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return SslError("making a key");
  return key;
}

absl::StatusOr<std::string> KeyText(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return SslError("writing a key");
  }
  return TakeText(bio.get());
}

absl::StatusOr<std::string> CertText(X509* cert) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), cert) != 1) return SslError("writing a certificate");
  return TakeText(bio.get());
}

absl::StatusOr<KeyPtr> ParseKey(const std::string& pem) {
  const BioPtr bio = ReadBio(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return SslError("reading a key");
  return key;
}

absl::StatusOr<CertPtr> ParseCert(const std::string& pem) {
  const BioPtr bio = ReadBio(pem);
  CertPtr cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (cert == nullptr) return SslError("reading a certificate");
  return cert;
}

bool SetSerial(X509* cert) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;  // Positive.
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr;
}

bool SetName(X509_NAME* name, const std::string& common_name) {
  if (common_name.empty()) return true;
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text,
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool AddExtension(X509* cert, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension != nullptr && X509_add_ext(cert, extension.get(), -1) == 1;
}

bool IsAddress(const std::string& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

// Text for OpenSSL's extension parser. It separates by commas, so that names with one are refused.
absl::StatusOr<std::string> AlternativeNames(const CertRequest& request) {
  std::vector<std::string> names;
  if (!request.uri.empty()) names.push_back("URI:" + request.uri);
  for (const std::string& name : request.servers)
    names.push_back((IsAddress(name) ? "IP:" : "DNS:") + name);
  for (const std::string& name : names) {
    if (name.find_first_of(", \t\n") != std::string::npos)
      return InvalidArgument("\"{}\" cannot be in a certificate", name);
  }
  return Join(names, ",");
}

// Everything but the extensions and the signature.
absl::StatusOr<CertPtr> NewCert(EVP_PKEY* key, const std::string& common_name, absl::Time now,
                                absl::Duration lifetime) {
  CertPtr cert(X509_new());
  const time_t from = absl::ToTimeT(now - kBackdate);
  const time_t to = absl::ToTimeT(now + lifetime);
  const bool ok = X509_set_version(cert.get(), X509_VERSION_3) == 1 && SetSerial(cert.get()) &&
                  ASN1_TIME_set(X509_getm_notBefore(cert.get()), from) != nullptr &&
                  ASN1_TIME_set(X509_getm_notAfter(cert.get()), to) != nullptr &&
                  X509_set_pubkey(cert.get(), key) == 1 &&
                  SetName(X509_get_subject_name(cert.get()), common_name);
  if (!ok) return SslError("making a certificate");
  return cert;
}

absl::StatusOr<std::string> SignedCert(const KeyPair& ca, EVP_PKEY* key,
                                       const CertRequest& request) {
  ASSIGN_OR_RETURN(const KeyPtr ca_key, ParseKey(ca.key_pem));
  ASSIGN_OR_RETURN(const CertPtr ca_cert, ParseCert(ca.cert_pem));
  ASSIGN_OR_RETURN(const std::string names, AlternativeNames(request));
  ASSIGN_OR_RETURN(const CertPtr cert,
                   NewCert(key, request.common_name, request.now, request.lifetime));
  X509* leaf = cert.get();
  const bool ok = X509_set_issuer_name(leaf, X509_get_subject_name(ca_cert.get())) == 1 &&
                  AddExtension(leaf, ca_cert.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                  AddExtension(leaf, ca_cert.get(), NID_key_usage, "critical,digitalSignature") &&
                  AddExtension(leaf, ca_cert.get(), NID_ext_key_usage,
                               request.servers.empty() ? "clientAuth" : "serverAuth") &&
                  AddExtension(leaf, ca_cert.get(), NID_subject_key_identifier, "hash") &&
                  AddExtension(leaf, ca_cert.get(), NID_authority_key_identifier, "keyid") &&
                  AddExtension(leaf, ca_cert.get(), NID_subject_alt_name, names) &&
                  X509_sign(leaf, ca_key.get(), EVP_sha256()) != 0;
  if (!ok) return SslError("signing a certificate");
  ASSIGN_OR_RETURN(const std::string text, CertText(leaf));
  return text + ca.cert_pem;
}

absl::Status CheckStrength(EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  const int bits = EVP_PKEY_get_bits(key);
  if (type == EVP_PKEY_EC && bits >= kEcBitsMin) return absl::OkStatus();
  if (type == EVP_PKEY_RSA && bits >= kRsaBitsMin) return absl::OkStatus();
  if (type == EVP_PKEY_ED25519) return absl::OkStatus();
  return InvalidArgument(
      "csrPem: the key is too weak: ECDSA with 256 bits or RSA with 2048 bits at least");
}

std::string AsciiText(const ASN1_IA5STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  char buffer[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(address), buffer, sizeof buffer);
  return buffer;
}

// The alternative names of a certificate for which `text` gives something.
absl::StatusOr<std::vector<std::string>> NamesOf(const std::string& cert_pem,
                                                 std::string (*text)(const GENERAL_NAME*)) {
  ASSIGN_OR_RETURN(const CertPtr cert, ParseCert(cert_pem));
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(cert.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> result;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string name = text(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) result.push_back(std::move(name));
  }
  return result;
}

}  // namespace

absl::StatusOr<KeyPair> MakeCa(const std::string& estate, absl::Time now) {
  ASSIGN_OR_RETURN(const KeyPtr key, NewKey());
  ASSIGN_OR_RETURN(const CertPtr cert,
                   NewCert(key.get(), "Reeve CA of " + estate, now, kCaLifetime));
  const bool ok =
      X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get())) == 1 &&
      AddExtension(cert.get(), cert.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      AddExtension(cert.get(), cert.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      AddExtension(cert.get(), cert.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(cert.get(), key.get(), EVP_sha256()) != 0;
  if (!ok) return SslError("making the certificate authority");
  KeyPair pair;
  ASSIGN_OR_RETURN(pair.key_pem, KeyText(key.get()));
  ASSIGN_OR_RETURN(pair.cert_pem, CertText(cert.get()));
  return pair;
}

absl::StatusOr<KeyPair> MakeCert(const KeyPair& ca, const CertRequest& request) {
  ASSIGN_OR_RETURN(const KeyPtr key, NewKey());
  KeyPair pair;
  ASSIGN_OR_RETURN(pair.key_pem, KeyText(key.get()));
  ASSIGN_OR_RETURN(pair.cert_pem, SignedCert(ca, key.get(), request));
  return pair;
}

absl::StatusOr<std::string> CertForCsr(const KeyPair& ca, const std::string& csr_pem,
                                       const CertRequest& request) {
  const BioPtr bio = ReadBio(csr_pem);
  const CsrPtr csr(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  EVP_PKEY* key = csr == nullptr ? nullptr : X509_REQ_get0_pubkey(csr.get());
  const bool proven = key != nullptr && X509_REQ_verify(csr.get(), key) == 1;
  ERR_clear_error();
  if (!proven)
    return InvalidArgument("csrPem: must be a certificate signing request, signed by its own key");
  RETURN_IF_ERROR(CheckStrength(key));
  return SignedCert(ca, key, request);
}

absl::StatusOr<Csr> MakeCsr() {
  ASSIGN_OR_RETURN(const KeyPtr key, NewKey());
  const CsrPtr csr(X509_REQ_new());
  const BioPtr bio(BIO_new(BIO_s_mem()));
  const bool ok = X509_REQ_set_pubkey(csr.get(), key.get()) == 1 &&
                  X509_REQ_sign(csr.get(), key.get(), EVP_sha256()) != 0 &&
                  PEM_write_bio_X509_REQ(bio.get(), csr.get()) == 1;
  if (!ok) return SslError("making a certificate signing request");
  Csr result;
  ASSIGN_OR_RETURN(result.key_pem, KeyText(key.get()));
  result.csr_pem = TakeText(bio.get());
  return result;
}

absl::StatusOr<std::string> SpkiSha256(const std::string& cert_pem) {
  ASSIGN_OR_RETURN(const CertPtr cert, ParseCert(cert_pem));
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert.get()), &der);
  if (size <= 0) return SslError("reading a public key");
  std::string hash = Sha256Hex({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return hash;
}

absl::StatusOr<std::vector<std::string>> ServerNames(const std::string& cert_pem) {
  return NamesOf(cert_pem, [](const GENERAL_NAME* name) -> std::string {
    if (name->type == GEN_DNS) return AsciiText(name->d.dNSName);
    return name->type == GEN_IPADD ? AddressText(name->d.iPAddress) : "";
  });
}

absl::StatusOr<std::vector<std::string>> UriNames(const std::string& cert_pem) {
  return NamesOf(cert_pem, [](const GENERAL_NAME* name) -> std::string {
    return name->type == GEN_URI ? AsciiText(name->d.uniformResourceIdentifier) : "";
  });
}

absl::StatusOr<std::vector<std::string>> ParseSpiffe(const std::string& uri,
                                                     const std::string& estate) {
  const std::string prefix = "spiffe://" + estate + "/";
  if (uri.rfind(prefix, 0) != 0)
    return Unauthenticated("the certificate is of another estate: {}", uri);
  std::vector<std::string> parts = Split(std::string_view(uri).substr(prefix.size()), '/');
  for (const std::string& part : parts) {
    if (part.empty()) return Unauthenticated("the certificate names no identity: {}", uri);
  }
  return parts;
}

std::string SpiffeUri(const std::string& estate, const std::vector<std::string>& parts) {
  return "spiffe://" + estate + "/" + Join(parts, "/");
}

std::string RandomBase32(size_t size) {
  std::string text(size, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(size)) == 1,
        "there is randomness");
  for (char& c : text) c = "abcdefghijklmnopqrstuvwxyz234567"[static_cast<unsigned char>(c) & 31];
  return text;
}

std::string RandomUuid() {
  // Drawn many at a time: each draw costs as much as a small request.
  thread_local std::array<unsigned char, 64 * 16> drawn;
  thread_local size_t used = drawn.size();
  if (used == drawn.size()) {
    CHECK(RAND_bytes(drawn.data(), drawn.size()) == 1, "there is randomness");
    used = 0;
  }
  unsigned char* const b = drawn.data() + used;
  used += 16;
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHexDigits[b[i] >> 4];
    text += kHexDigits[b[i] & 15];
  }
  return text;
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace reeve::apiserver
