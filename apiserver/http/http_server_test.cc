// The server with real sockets and real TLS, against clients that behave badly.
#include "apiserver/http/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>

#include "apiserver/pki.h"
#include "apiserver/worker_pool.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "base/testing/status_matchers.h"

namespace reeve::apiserver {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr absl::Duration kSoon = absl::Milliseconds(200);

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

// A TLS client that sends and reads what it is told.
class Client {
 public:
  Client(const std::string& address, const KeyPair* pair) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    if (pair != nullptr) Use(*pair);
    bio_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(bio_.get(), address.c_str());
    connected_ = BIO_do_connect(bio_.get()) == 1 && BIO_do_handshake(bio_.get()) == 1;
  }

  bool connected() const { return connected_; }
  void Send(std::string_view text) {
    BIO_write(bio_.get(), text.data(), static_cast<int>(text.size()));
  }
  // Until `text` was read, or the end.
  bool ReadUntil(std::string_view text) {
    while (read_.find(text) == std::string::npos) {
      if (!ReadSome()) return false;
    }
    return true;
  }
  std::string ReadToEnd() {
    while (ReadSome()) {
    }
    return read_;
  }
  const std::string& read() const { return read_; }
  void Forget() { read_.clear(); }

 private:
  void Use(const KeyPair& pair) {
    const Bio cert_bio(BIO_new_mem_buf(pair.cert_pem.data(), -1));
    const Bio key_bio(BIO_new_mem_buf(pair.key_pem.data(), -1));
    const std::unique_ptr<X509, Free<X509_free>> cert(
        PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>> key(
        PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context_.get(), cert.get());
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
  }
  bool ReadSome() {
    std::array<char, 4096> buffer;
    const int got = BIO_read(bio_.get(), buffer.data(), buffer.size());
    if (got > 0) read_.append(buffer.data(), static_cast<size_t>(got));
    return got > 0;
  }

  const std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_{SSL_CTX_new(TLS_client_method())};
  Bio bio_;
  bool connected_ = false;
  std::string read_;
};

// A connection from an address of this machine that says nothing until it is told to.
class Silent {
 public:
  Silent(const std::string& from, const std::string& address) {
    sockaddr_in mine = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
    inet_pton(AF_INET, from.c_str(), &mine.sin_addr);
    sockaddr_in theirs = mine;
    inet_pton(AF_INET, "127.0.0.1", &theirs.sin_addr);
    theirs.sin_port = htons(
        static_cast<uint16_t>(std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10)));
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&mine), sizeof(mine)), 0);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&theirs), sizeof(theirs)), 0);
  }
  ~Silent() { close(fd_); }

  bool IsClosed() {
    char byte;
    return recv(fd_, &byte, 1, 0) <= 0;
  }
  bool Handshake() {
    const std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
    const std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd_);
    return SSL_connect(ssl.get()) == 1;
  }

 private:
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

// Pieces that the test gives.
struct Source {
  Mutex mu;
  std::deque<std::string> pieces ABSL_GUARDED_BY(mu);
  bool over ABSL_GUARDED_BY(mu) = false;
  std::function<void()> wake ABSL_GUARDED_BY(mu);
  Notification begun;
  Notification destroyed;

  void Give(std::string piece) {
    std::function<void()> waker;
    {
      MutexLock lock(&mu);
      pieces.push_back(std::move(piece));
      waker = wake;
    }
    waker();
  }
  void End() {
    std::function<void()> waker;
    {
      MutexLock lock(&mu);
      over = true;
      waker = wake;
    }
    waker();
  }
};

class SourceStream final : public HttpStream {
 public:
  SourceStream(Source* source, std::string endless)
      : source_(*source), endless_(std::move(endless)) {}
  ~SourceStream() override { source_.destroyed.Notify(); }

  absl::StatusOr<std::optional<std::string>> Next() override {
    if (!endless_.empty()) return endless_;
    MutexLock lock(&source_.mu);
    if (source_.pieces.empty()) {
      if (source_.over) return absl::OutOfRangeError("over");
      return std::nullopt;
    }
    std::string piece = std::move(source_.pieces.front());
    source_.pieces.pop_front();
    return piece;
  }

 private:
  Source& source_;
  const std::string endless_;
};

class Handler final : public HttpHandler {
 public:
  HttpResponse Handle(const HttpRequest& request, std::function<void()> wake) override {
    HttpResponse response;
    if (request.target.starts_with("/stream")) {
      {
        MutexLock lock(&source.mu);
        source.wake = std::move(wake);
      }
      const bool endless = request.target == "/stream/endless";
      response.stream =
          std::make_unique<SourceStream>(&source, endless ? std::string(1 << 20, 'x') : "");
      if (request.target == "/stream/short") response.stream_max = kSoon;
      source.begun.Notify();
      return response;
    }
    response.body =
        fmt::format("{} {} {} {}\n", request.method, request.target, request.body.size(),
                    request.client_cert_pem.empty() ? "nobody" : "somebody");
    return response;
  }
  Priority PriorityOf(const HttpRequest& request) override {
    return request.target == "/list" ? Priority::kLists : Priority::kPeople;
  }
  HttpResponse Refuse(int code, std::string_view why) override {
    HttpResponse response;
    response.code = code;
    response.body = fmt::format("refused: {}\n", why);
    return response;
  }

  Source source;
};

class HttpServerTest : public ::testing::Test {
 protected:
  // OpenSSL's BIOs write to sockets that the server closed.
  HttpServerTest() { signal(SIGPIPE, SIG_IGN); }

  void Start(HttpServer::Options options = {}) {
    options.listen = "127.0.0.1:0";
    options.cert_pem = server_pair_.cert_pem;
    options.key_pem = server_pair_.key_pem;
    options.ca_pem = ca_.cert_pem;
    options.handler = &handler_;
    if (options.run == nullptr)
      options.run = [this](std::function<void()> work, Priority priority) {
        return pool_.Run(std::move(work), priority);
      };
    auto server = HttpServer::Start(std::move(options));
    ASSERT_OK(server.status());
    server_ = *std::move(server);
  }
  KeyPair ClientPair(const KeyPair& ca) {
    return *MakeCert(ca, {.common_name = "c",
                          .uri = "spiffe://test/user/admin",
                          .servers = {},
                          .now = RealClock()->Read().wall,
                          .lifetime = absl::Hours(1)});
  }
  // A whole answer of a connection that is then closed.
  std::string Ask(std::string_view request) {
    Client client(server_->address(), nullptr);
    client.Send(request);
    return client.ReadToEnd();
  }

  const KeyPair ca_ = *MakeCa("test", RealClock()->Read().wall);
  const KeyPair server_pair_ = *MakeCert(ca_, {.common_name = "server",
                                               .uri = "",
                                               .servers = {"127.0.0.1"},
                                               .now = RealClock()->Read().wall,
                                               .lifetime = absl::Hours(1)});
  const KeyPair client_pair_ = ClientPair(ca_);
  WorkerPool pool_{4};
  Handler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, OneConnectionAnswersManyRequests) {
  Start();
  Client client(server_->address(), &client_pair_);
  client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.ReadUntil("GET /a 0 somebody"));
  EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client.read(), HasSubstr("Content-Type: application/json"));
  client.Send("POST /b?c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(client.ReadUntil("POST /b?c 5 somebody"));
  client.Send(
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_TRUE(client.ReadUntil("POST /c 3 somebody"));
}

TEST_F(HttpServerTest, WhoAsksBeforeSendingIsTold) {
  Start();
  Client client(server_->address(), &client_pair_);
  client.Send("POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(client.ReadUntil("100 Continue\r\n\r\n"));
  client.Send("hi");
  EXPECT_TRUE(client.ReadUntil("POST /b 2 somebody"));
}

TEST_F(HttpServerTest, CertificatesAreOptionalButMustBeOurs) {
  Start();
  EXPECT_THAT(Ask("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("GET /a 0 nobody"));
  const KeyPair other = ClientPair(*MakeCa("other", RealClock()->Read().wall));
  Client client(server_->address(), &other);
  client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(HttpServerTest, GarbageAndExcessAreRefused) {
  Start();
  EXPECT_THAT(Ask("\x16\x03 nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nbroken header\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nX: " + std::string(kHttpHeaderBytesMax, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask(fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\nbegin",
                              kRequestBytesMax + 1)),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

// Their bytes would be the next request: RFC 9112 6.3.
TEST_F(HttpServerTest, BodiesOfUnknownLengthAreRefused) {
  Start();
  for (const char* coding : {"xchunked", "chunked, identity", "identity"}) {
    const std::string answer =
        Ask(fmt::format("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {}\r\n\r\n"
                        "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
                        coding));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << coding;
    EXPECT_EQ(answer.find("GET /b"), std::string::npos) << answer;
  }
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, NobodyActsForSomebodyElse) {
  Start();
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nHost: x\r\nimpersonate-user: root\r\n\r\n"),
              StartsWith("HTTP/1.1 403"));
}

TEST_F(HttpServerTest, AnAnswerToHeadHasNoBody) {
  Start();
  Client client(server_->address(), &client_pair_);
  client.Send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.ReadUntil("GET /b 0 somebody"));
  EXPECT_EQ(client.read().find("HEAD /a"), std::string::npos);
}

TEST_F(HttpServerTest, WhoIsSilentIsClosed) {
  Start({.header_timeout = kSoon, .body_timeout = kSoon, .idle_timeout = kSoon});
  EXPECT_EQ(Ask(""), "");
  EXPECT_EQ(Ask("GET /a HTT"), "");
  EXPECT_EQ(Ask("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe"), "");
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("GET /a"));
}

TEST_F(HttpServerTest, WhenThePoolIsFullTheClientIsTold) {
  Start({.run = [](const std::function<void()>&, Priority) { return false; }});
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 429"));
}

TEST_F(HttpServerTest, ConnectionsAreBounded) {
  Start({.connections_max = 1});
  Client first(server_->address(), nullptr);
  first.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(first.ReadUntil("GET /a"));
  Client second(server_->address(), nullptr);
  EXPECT_FALSE(second.connected());
  first.Forget();
  first.Send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(first.ReadUntil("GET /b"));
}

TEST_F(HttpServerTest, ConnectionsOfAClientAreBounded) {
  Start({.client_connections_max = 1});
  Client first(server_->address(), &client_pair_);
  first.Send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(first.ReadUntil("\r\n\r\n"));
  Client second(server_->address(), &client_pair_);
  second.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(second.ReadToEnd(), StartsWith("HTTP/1.1 429"));
  const KeyPair other = ClientPair(ca_);  // Another certificate.
  Client third(server_->address(), &other);
  third.Send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(third.ReadUntil("GET /b 0 somebody"));
}

TEST_F(HttpServerTest, ConnectionsOfAnAddressAreBounded) {
  Start({.address_connections_max = 2});
  auto first = std::make_unique<Silent>("127.0.0.1", server_->address());
  Silent second("127.0.0.1", server_->address());
  Silent third("127.0.0.1", server_->address());
  EXPECT_TRUE(third.IsClosed());
  Silent other("127.0.0.2", server_->address());
  EXPECT_TRUE(other.Handshake());
  first.reset();  // Its place is free as soon as the server has seen it go.
  const absl::Duration end = RealClock()->Read().mono + kPatience;
  bool served = false;
  while (!served && RealClock()->Read().mono < end)
    served = Silent("127.0.0.1", server_->address()).Handshake();
  EXPECT_TRUE(served);
}

TEST_F(HttpServerTest, RequestsOfAClassThatIsFullLeaveOthersAlone) {
  Start({.run = [this](std::function<void()> work, Priority priority) {
    return priority != Priority::kLists && pool_.Run(std::move(work), priority);
  }});
  EXPECT_THAT(Ask("GET /list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(Ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, AStreamIsSentAsItComes) {
  Start();
  Client client(server_->address(), nullptr);
  client.Send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.ReadUntil("\r\n\r\n"));
  EXPECT_THAT(client.read(), HasSubstr("Transfer-Encoding: chunked"));
  handler_.source.Give("first\n");
  ASSERT_TRUE(client.ReadUntil("first\n"));
  handler_.source.Give("second\n");
  ASSERT_TRUE(client.ReadUntil("second\n"));
  handler_.source.End();
  EXPECT_THAT(client.ReadToEnd(), testing::EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(HttpServerTest, AStreamEndsWhenItsTimeIsOver) {
  Start();
  EXPECT_THAT(Ask("GET /stream/short HTTP/1.1\r\nHost: x\r\n\r\n"), testing::EndsWith("0\r\n\r\n"));
}

TEST_F(HttpServerTest, AStreamWhoseClientIsGoneIsDropped) {
  Start();
  {
    Client client(server_->address(), nullptr);
    client.Send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.ReadUntil("\r\n\r\n"));
  }
  EXPECT_TRUE(handler_.source.destroyed.WaitFor(kPatience));
}

TEST_F(HttpServerTest, AClientThatDoesNotReadIsDropped) {
  Start({.write_timeout = kSoon});
  Client client(server_->address(), nullptr);
  client.Send("GET /stream/endless HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(handler_.source.destroyed.WaitFor(kPatience));
}

TEST_F(HttpServerTest, StoppingDoesNotWaitForStreams) {
  Start();
  Client idle(server_->address(), nullptr);
  Client client(server_->address(), nullptr);
  client.Send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.ReadUntil("\r\n\r\n"));
  const absl::Duration before = RealClock()->Read().mono;
  server_ = nullptr;
  EXPECT_LT(RealClock()->Read().mono - before, absl::Seconds(5));
  EXPECT_TRUE(handler_.source.destroyed.WaitFor(kPatience));
}

TEST_F(HttpServerTest, AddressesThatCannotBe) {
  Start();
  const auto start = [&](const std::string& listen) {
    return HttpServer::Start({.listen = listen,
                              .cert_pem = server_pair_.cert_pem,
                              .key_pem = server_pair_.key_pem,
                              .ca_pem = ca_.cert_pem,
                              .handler = &handler_,
                              .run = [](const std::function<void()>&, Priority) { return false; }})
        .status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(start("nonsense")));
  EXPECT_TRUE(absl::IsInvalidArgument(start("127.0.0.1:port")));
  EXPECT_TRUE(absl::IsUnavailable(start(server_->address())));  // Taken.
}

}  // namespace
}  // namespace reeve::apiserver
