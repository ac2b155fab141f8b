#include "apiserver/http/http_server.h"

// <utility> first: Asio 1.81 uses std::exchange without it.
#include <utility>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "base/executor.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr int kThreads = 2;
constexpr size_t kChunkBytes = 64 << 10;
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
// How long, and how much, a client that was refused may still send.
constexpr absl::Duration kLingerTimeout = absl::Seconds(2);
constexpr int kLingerReadsMax = 1000;
constexpr std::string_view kImpersonate = "Impersonate-";

std::chrono::nanoseconds Chrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

struct BioFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct X509Free {
  void operator()(X509* cert) const { X509_free(cert); }
};

// The verified certificate of the other side; "" when it sent none.
std::string PeerCertPem(SSL* ssl) {
  const std::unique_ptr<X509, X509Free> cert(SSL_get1_peer_certificate(ssl));
  if (cert == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return "";
  const std::unique_ptr<BIO, BioFree> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), cert.get()) != 1) return "";
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// What counts as one address: of IPv6 a /64, which is what one customer gets.
std::string Neighbourhood(const tcp::socket& socket) {
  error_code error;
  asio::ip::address address = socket.remote_endpoint(error).address();
  if (error) return "";
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  if (!address.is_v6()) return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

class Connection;

// What the connections of a server share.
struct Shared {
  explicit Shared(HttpServer::Options given) : options(std::move(given)) {}

  const HttpServer::Options options;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  Mutex mu;
  bool stopping ABSL_GUARDED_BY(mu) = false;
  std::set<Connection*> open ABSL_GUARDED_BY(mu);
  std::map<std::string, int> clients ABSL_GUARDED_BY(mu);  // Connections of each certificate.
  std::map<std::string, int> addresses ABSL_GUARDED_BY(mu);
};

void Drop(const std::string& one, std::map<std::string, int>* counts) {
  const auto found = counts->find(one);
  if (--found->second == 0) counts->erase(found);
}

// One client. Everything but Run, Stop and the work in the pool happens on the connection's strand.
//
//   handshake -> header -> body -> handler (pool) -> answer -> header ... or, for a stream:
//   pump (pool) -> chunk -> pump ... -> wait for a wake -> pump ... -> last chunk -> closed
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared* shared)
      : shared_(*shared),
        options_(shared->options),
        address_(Neighbourhood(socket)),
        stream_(std::move(socket), shared->tls),
        deadline_(stream_.get_executor()) {}
  ~Connection() {
    MutexLock lock(&shared_.mu);
    if (shared_.open.erase(this) != 0) Drop(address_, &shared_.addresses);
    if (counted_) Drop(cert_pem_, &shared_.clients);
  }
  const std::string& address() const { return address_; }

  void Run() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->Handshake(); });
  }
  // From any thread.
  void Stop() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      self->stopping_ = true;
      if (!self->handling_) self->Close();
    });
  }

 private:
  beast::tcp_stream& Socket() { return beast::get_lowest_layer(stream_); }

  void Handshake() {
    Socket().expires_after(Chrono(options_.header_timeout));
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](error_code error) {
                              if (error) return self->Close();
                              self->cert_pem_ = PeerCertPem(self->stream_.native_handle());
                              self->Count();
                              self->ReadHeader(self->options_.header_timeout);
                            });
  }

  void ReadHeader(absl::Duration timeout) {
    if (stopping_) return Close();
    parser_.emplace();
    parser_->header_limit(kHttpHeaderBytesMax);
    parser_->body_limit(kRequestBytesMax);
    Socket().expires_after(Chrono(timeout));
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, size_t) {
                              if (error) return self->Refuse(error);
                              self->ReadBody();
                            });
  }

  void ReadBody() {
    Socket().expires_after(Chrono(options_.body_timeout));
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return ReadRest();
    continue_ = {http::status::continue_, parser_->get().version()};
    http::async_write(stream_, continue_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->Close();
      self->ReadRest();
    });
  }

  void ReadRest() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       if (error) return self->Refuse(error);
                       self->Dispatch();
                     });
  }

  // The code to refuse a request with that was read well, or 0. A body of unknown length would be
  // read as the next request (RFC 9112 6.3); who asks to act for somebody must not act as himself.
  static int Unserved(const http::request<http::string_body>& message) {
    if (message.count(http::field::transfer_encoding) != 0 &&
        !beast::iequals(message[http::field::transfer_encoding], "chunked"))
      return 400;
    if (message.version() == 11 && message.count(http::field::host) != 1) return 400;
    const auto impersonates = [](const auto& field) {
      return beast::iequals(field.name_string().substr(0, kImpersonate.size()), kImpersonate);
    };
    return std::any_of(message.begin(), message.end(), impersonates) ? 403 : 0;
  }

  void RefuseRead(int code) {
    keep_alive_ = false;
    linger_ = true;
    answer_ = options_.handler->Refuse(
        code, code == 403 ? "impersonation is not supported"
                          : "a request needs one Host, and no Transfer-Encoding but chunked");
    Answer();
  }

  // Bytes that are no request: an answer where one can be understood.
  void Refuse(error_code error) {
    int code = 0;
    if (error == http::error::body_limit) code = 413;
    if (error == http::error::header_limit) code = 431;
    const bool garbage = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
    if (garbage && code == 0) code = 400;
    if (code == 0) return Close();
    keep_alive_ = false;
    linger_ = true;
    answer_ = options_.handler->Refuse(code, error.message());
    Answer();
  }

  void Dispatch() {
    http::request<http::string_body> message = parser_->release();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    head_only_ = message.method() == http::verb::head;
    if (const int code = Unserved(message)) return RefuseRead(code);
    const auto text = [&](http::field name) { return std::string(message[name]); };
    request_ = {.method = std::string(message.method_string()),
                .target = std::string(message.target()),
                .accept = text(http::field::accept),
                .content_type = text(http::field::content_type),
                .user_agent = text(http::field::user_agent),
                .body = std::move(message.body()),
                .client_cert_pem = cert_pem_};
    if (one_too_many_) return RefuseBusy("this client has too many connections");
    priority_ = options_.handler->PriorityOf(request_);
    handling_ = true;
    if (InPool(
            [](Connection& self) {
              self.answer_ = self.options_.handler->Handle(self.request_, self.Waker());
            },
            [](Connection& self) { self.Answer(); }))
      return;
    RefuseBusy("the server is busy; try again");
  }

  void RefuseBusy(std::string_view why) {
    if (one_too_many_) keep_alive_ = false;
    answer_ = options_.handler->Refuse(429, why);
    Answer();
  }

  // Takes its place among the client's connections, whose certificate is known now.
  void Count() {
    MutexLock lock(&shared_.mu);
    counted_ = true;
    one_too_many_ = ++shared_.clients[cert_pem_] > options_.client_connections_max;
  }

  // `work` in the pool, then `done` on the strand.
  template <typename Work, typename Done>
  bool InPool(Work work, Done done) {
    // Keeps the threads, and with them all of Asio, until the work is done. It goes last, and the
    // count of work goes last in it; executor_work_guard touches the strand after that.
    asio::any_io_executor tracked = asio::prefer(asio::any_io_executor(stream_.get_executor()),
                                                 asio::execution::outstanding_work.tracked);
    return options_.run(
        [tracked = std::move(tracked), self = shared_from_this(), work, done] {
          work(*self);
          asio::post(self->stream_.get_executor(), [self, done] { done(*self); });
        },
        priority_);
  }

  std::function<void()> Waker() {
    return [weak = weak_from_this()] {
      const std::shared_ptr<Connection> self = weak.lock();
      if (self == nullptr) return;
      asio::post(self->stream_.get_executor(), [self] { self->OnWake(); });
    };
  }

  void Answer() {
    handling_ = false;
    request_ = {};
    if (stopping_) keep_alive_ = false;
    if (answer_.stream != nullptr) return BeginStream();
    message_ = {static_cast<http::status>(answer_.code), version_};
    SetHeaders(&message_);
    message_.body() = std::move(answer_.body);
    message_.keep_alive(keep_alive_);
    message_.prepare_payload();
    if (head_only_) message_.body().clear();  // Its length stays.
    writing_ = true;
    Socket().expires_after(Chrono(options_.write_timeout));
    http::async_write(stream_, message_, [self = shared_from_this()](error_code error, size_t) {
      self->writing_ = false;
      if (error) return self->Close();
      if (self->keep_alive_) return self->ReadHeader(self->options_.idle_timeout);
      if (self->linger_) return self->Linger();
      self->Close();
    });
  }

  template <typename Message>
  void SetHeaders(Message* message) {
    message->set(http::field::content_type, answer_.content_type);
    message->set(http::field::cache_control, "no-cache, private");
    for (const auto& [name, value] : answer_.headers) message->set(name, value);
  }

  // ---- A body that comes piece by piece.

  void BeginStream() {
    keep_alive_ = false;
    head_ = {static_cast<http::status>(answer_.code), version_};
    SetHeaders(&head_);
    head_.chunked(true);
    head_.keep_alive(false);
    serializer_.emplace(head_);
    Socket().expires_never();
    WatchPeer();
    if (answer_.stream_max != absl::InfiniteDuration()) {
      deadline_.expires_after(Chrono(answer_.stream_max));
      deadline_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->EndStream();
      });
    }
    writing_ = true;
    Socket().expires_after(Chrono(options_.write_timeout));
    http::async_write_header(
        stream_, *serializer_,
        [self = shared_from_this()](error_code error, size_t) { self->Written(error); });
  }

  // The client has nothing more to say: whatever comes, it is gone.
  void WatchPeer() {
    stream_.async_read_some(asio::buffer(scratch_),
                            [self = shared_from_this()](error_code, size_t) {
                              self->gone_ = true;
                              self->EndStream();
                            });
  }

  void EndStream() {
    ended_ = true;
    OnWake();
  }

  void OnWake() {
    woken_ = true;
    if (serializer_.has_value() && !writing_ && !handling_) Continue();
  }

  void Written(error_code error) {
    writing_ = false;
    if (error) gone_ = true;
    woken_ = true;  // There may be more.
    Continue();
  }

  // REQUIRES: neither a pump nor a write is under way.
  void Continue() {
    if (closed_) return;
    if (gone_ || stopping_) return Close();
    if (ended_) return WriteLast();
    if (woken_) Pump();
  }

  void Pump() {
    woken_ = false;
    handling_ = true;
    if (InPool([](Connection& self) { self.Fill(); }, [](Connection& self) { self.Pumped(); }))
      return;
    handling_ = false;
    EndStream();
  }

  // In the pool.
  void Fill() {
    chunk_.clear();
    while (chunk_.size() < kChunkBytes) {
      absl::StatusOr<std::optional<std::string>> piece = answer_.stream->Next();
      source_ended_ = !piece.ok();
      if (!piece.ok() || !piece->has_value()) return;
      chunk_ += **piece;
    }
  }

  void Pumped() {
    handling_ = false;
    ended_ = ended_ || source_ended_;
    if (chunk_.empty() || gone_ || stopping_) return Continue();
    writing_ = true;
    Socket().expires_after(Chrono(options_.write_timeout));
    asio::async_write(
        stream_, http::make_chunk(asio::const_buffer(chunk_.data(), chunk_.size())),
        [self = shared_from_this()](error_code error, size_t) { self->Written(error); });
  }

  void WriteLast() {
    writing_ = true;
    Socket().expires_after(Chrono(options_.write_timeout));
    asio::async_write(stream_, http::make_chunk_last(),
                      [self = shared_from_this()](error_code, size_t) { self->Close(); });
  }

  // ---- The end.

  // Reads what a refused client still sends, so that it gets the answer and not a reset.
  void Linger() {
    error_code ignored;
    Socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
    Socket().expires_after(Chrono(kLingerTimeout));
    Drain(kLingerReadsMax);
  }
  void Drain(int left) {
    if (left == 0 || stopping_) return Close();
    Socket().async_read_some(asio::buffer(scratch_),
                             [self = shared_from_this(), left](error_code error, size_t) {
                               if (error) return self->Close();
                               self->Drain(left - 1);
                             });
  }

  void Close() {
    closed_ = true;
    answer_ = {};  // With the stream: nobody is woken after this.
    error_code ignored;
    deadline_.cancel();
    Socket().socket().shutdown(tcp::socket::shutdown_both, ignored);
    Socket().close();
  }

  Shared& shared_;
  const HttpServer::Options& options_;
  const std::string address_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  asio::steady_timer deadline_;  // Of a stream.
  beast::flat_buffer buffer_{kHttpHeaderBytesMax + kChunkBytes};
  std::array<char, 4096> scratch_;
  std::string cert_pem_;
  bool counted_ = false;  // Among the client's.
  bool one_too_many_ = false;
  Priority priority_ = Priority::kPeople;

  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::empty_body> continue_;
  HttpRequest request_;
  HttpResponse answer_;
  http::response<http::string_body> message_;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool linger_ = false;
  bool head_only_ = false;
  bool handling_ = false;  // Work is in the pool.
  bool writing_ = false;
  bool stopping_ = false;
  bool closed_ = false;

  http::response<http::empty_body> head_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;  // Set: it is a stream.
  std::string chunk_;
  bool source_ended_ = false;
  bool ended_ = false;
  bool gone_ = false;
  bool woken_ = false;
};

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(Options options) : shared_(std::move(options)) {}
  ~BeastServer() override { Stop(); }

  const std::string& address() const override { return address_; }

  absl::Status Open() {
    RETURN_IF_ERROR(SetUpTls());
    RETURN_IF_ERROR(Listen());
    Accept();
    for (int i = 0; i < kThreads; ++i)
      threads_.push_back(
          std::make_unique<Thread>(fmt::format("http-{}", i), [this] { context_.run(); }));
    return absl::OkStatus();
  }

 private:
  absl::Status SetUpTls() {
    asio::ssl::context& tls = shared_.tls;
    const Options& options = shared_.options;
    error_code error;
    const auto bytes = [](const std::string& text) {
      return asio::buffer(text.data(), text.size());
    };
    SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    // Each connection is verified by itself: no session outlives a certificate.
    SSL_CTX_set_session_cache_mode(tls.native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(tls.native_handle(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(tls.native_handle(), 0);
    tls.use_certificate_chain(bytes(options.cert_pem), error);
    if (!error) tls.use_private_key(bytes(options.key_pem), asio::ssl::context::pem, error);
    if (!error) tls.add_certificate_authority(bytes(options.ca_pem), error);
    if (!error) tls.set_verify_mode(asio::ssl::verify_peer, error);
    if (error) return InvalidArgument("the server's certificates: {}", error.message());
    OfferCa(options.ca_pem);
    return absl::OkStatus();
  }

  // Tells clients which certificates are asked for.
  void OfferCa(const std::string& ca_pem) {
    const std::unique_ptr<BIO, BioFree> bio(
        BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
    const std::unique_ptr<X509, X509Free> ca(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (ca != nullptr) SSL_CTX_add_client_CA(shared_.tls.native_handle(), ca.get());
  }

  absl::Status Listen() {
    const std::string& listen = shared_.options.listen;
    const size_t colon = listen.rfind(':');
    if (colon == std::string::npos) return InvalidArgument("{}: must be host:port", listen);
    error_code error;
    const std::string host = listen.substr(0, colon);
    const auto found = tcp::resolver(context_).resolve(host, listen.substr(colon + 1),
                                                       tcp::resolver::passive, error);
    if (error || found.empty())
      return InvalidArgument("{}: must be host:port: {}", listen, error.message());
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Unavailable("cannot listen on {}: {}", listen, error.message());
    address_ = fmt::format("{}:{}", host, acceptor_.local_endpoint(error).port());
    return absl::OkStatus();
  }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(context_),
                           [this](error_code error, tcp::socket socket) {
                             if (error == asio::error::operation_aborted) return;
                             if (error) return AcceptLater();
                             Take(std::move(socket));
                             Accept();
                           });
  }

  // No descriptors, most likely.
  void AcceptLater() {
    pause_.expires_after(Chrono(kAcceptPause));
    pause_.async_wait([this](error_code error) {
      if (!error) Accept();
    });
  }

  // Whoever shows no certificate, or nothing at all, must leave room for others.
  bool HasRoomLocked(const std::string& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu) {
    const HttpServer::Options& options = shared_.options;
    const auto of = shared_.addresses.find(address);
    return shared_.open.size() < static_cast<size_t>(options.connections_max) &&
           (of == shared_.addresses.end() || of->second < options.address_connections_max);
  }

  void Take(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(std::move(socket), &shared_);
    {
      MutexLock lock(&shared_.mu);
      if (!shared_.stopping && HasRoomLocked(connection->address())) {
        ++shared_.addresses[connection->address()];
        shared_.open.insert(connection.get());
        connection->Run();
        return;
      }
    }
    // Destroyed, and so closed, without the lock.
    Log(LogLevel::kDebug, "too many HTTP connections: one was closed");
  }

  // Those that are open. Let go of without the lock, which their destructors take.
  std::vector<std::shared_ptr<Connection>> TakeNoMore() {
    std::vector<std::shared_ptr<Connection>> open;
    MutexLock lock(&shared_.mu);
    shared_.stopping = true;
    for (Connection* connection : shared_.open) {
      if (auto alive = connection->weak_from_this().lock()) open.push_back(std::move(alive));
    }
    return open;
  }

  void Stop() {
    asio::post(accepting_, [this] {
      acceptor_.close();
      pause_.cancel();
    });
    for (const std::shared_ptr<Connection>& connection : TakeNoMore()) connection->Stop();
    threads_.clear();
  }

  Shared shared_;
  asio::io_context context_;
  asio::strand<asio::io_context::executor_type> accepting_ = asio::make_strand(context_);
  tcp::acceptor acceptor_{accepting_};
  asio::steady_timer pause_{accepting_};
  std::string address_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options) {
  auto server = std::make_unique<BeastServer>(std::move(options));
  RETURN_IF_ERROR(server->Open());
  return server;
}

}  // namespace reeve::apiserver
