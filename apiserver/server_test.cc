// The whole server over real TLS, on ports that the system picks.
#include "apiserver/server.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <grpcpp/create_channel.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apiserver/pki.h"
#include "apiserver/setup.h"
#include "apiserver/testing/registry_fixture.h"
#include "apiserver/testing/tar.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/sha256.h"
#include "base/status.h"
#include "client/grpc_client.h"
#include "proto/schema/rpc_status.h"
#include "proto/schema/validate.h"
#include "reeve/v1/content.grpc.pb.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;
constexpr absl::Duration kPatience = absl::Seconds(20);

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : dir_(::testing::TempDir() + "/server-" + RandomBase32(8)) {
    EXPECT_OK(Initialize({.data_dir = dir_, .estate = "playground", .sans = {"127.0.0.1"}},
                         RealClock()->Read().wall));
    StartServer();
  }
  ~ServerTest() override {
    server_ = nullptr;
    std::filesystem::remove_all(dir_);
  }

  void StartServer() {
    auto server =
        Server::Start({.data_dir = dir_, .listen = "127.0.0.1:0", .join_listen = "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::unique_ptr<client::Api> Client(const std::string& cert_pem, const std::string& key_pem) {
    return *client::NewGrpcClient({.endpoint = server_->endpoints().api,
                                   .ca_pem = ReadText(dir_ + "/pki/ca.crt"),
                                   .cert_pem = cert_pem,
                                   .key_pem = key_pem,
                                   .timeout = kPatience});
  }
  std::unique_ptr<client::Api> ClientOf(const std::string& user) {
    return Client(ReadText(dir_ + "/pki/" + user + ".crt"),
                  ReadText(dir_ + "/pki/" + user + ".key"));
  }
  static absl::StatusOr<v1::Object> Create(client::Api* api, const v1::Object& object) {
    v1::CreateRequest request;
    *request.mutable_object() = object;
    return api->Create(request);
  }

  static absl::StatusOr<v1::DeleteResponse> Delete(client::Api* api, const std::string& kind,
                                                   const std::string& name) {
    v1::DeleteRequest request;
    request.mutable_key()->set_kind(kind);
    request.mutable_key()->set_name(name);
    return api->Delete(request);
  }
  static absl::StatusOr<v1::Blob> Put(client::Api* api, const std::string& tar,
                                      const std::string& digest) {
    size_t at = 0;
    return api->PutBlob("default", digest, "test", [&](std::string* piece) -> absl::StatusOr<bool> {
      *piece = tar.substr(at, 100'000);
      at += piece->size();
      return !piece->empty();
    });
  }

  absl::StatusOr<v1::JoinResponse> Join(const std::string& token, const std::string& csr_pem) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = ReadText(dir_ + "/pki/ca.crt");
    const auto stub = v1::Join::NewStub(
        grpc::CreateChannel(server_->endpoints().join, grpc::SslCredentials(tls)));
    grpc::ClientContext context;
    v1::JoinRequest request;
    request.set_token(token);
    request.set_csr_pem(csr_pem);
    v1::JoinResponse response;
    RETURN_IF_ERROR(schema::FromGrpc(stub->Join(&context, request, &response)));
    return response;
  }
  // A machine that has joined as `host`.
  std::unique_ptr<client::Api> JoinedHost(const std::string& host) {
    v1::CreateTokenRequest request;
    request.set_host(host);
    const v1::CreateTokenResponse token = *ClientOf("admin")->CreateToken(request);
    EXPECT_EQ(token.join_endpoint(), server_->endpoints().join);
    EXPECT_EQ(token.ca_sha256(), *SpkiSha256(ReadText(dir_ + "/pki/ca.crt")));
    const Csr csr = *MakeCsr();
    const v1::JoinResponse joined = *Join(token.token(), csr.csr_pem);
    EXPECT_EQ(joined.api_endpoint(), server_->endpoints().api);
    return Client(joined.certificate_pem(), csr.key_pem);
  }

  const std::string dir_;
  std::unique_ptr<Server> server_;
};

// Events of a stream, waiting for each.
class Events {
 public:
  Events(client::Api* api, const v1::WatchRequest& request) {
    auto stream = api->Watch(request, [this] { wake_.Notify(); });
    EXPECT_TRUE(stream.ok()) << stream.status();
    stream_ = *std::move(stream);
  }
  absl::StatusOr<v1::WatchEvent> Next() {
    for (;;) {
      ASSIGN_OR_RETURN(std::optional<v1::WatchEvent> event, stream_->Next());
      if (event.has_value()) return *std::move(event);
      if (!wake_.WaitFor(kPatience)) return DeadlineExceeded("no event came");
    }
  }

 private:
  Notification wake_;
  std::unique_ptr<client::WatchStream> stream_;
};

v1::WatchRequest WatchSites(Revision after) {
  v1::WatchRequest request;
  request.mutable_selector()->set_kind("Site");
  request.set_revision(after);
  request.set_send_initial_events(after == 0);
  return request;
}

v1::WatchRequest WatchWorks(const std::string& host) {
  v1::WatchRequest watch;
  watch.mutable_selector()->set_kind("Work");
  watch.mutable_selector()->set_fields("spec.host=" + host);
  watch.set_send_initial_events(true);
  return watch;
}

// reliability: overload degrades fairly, heartbeats survive.
TEST_F(ServerTest, HeartbeatsPassAFloodOfLists) {
  const auto admin = ClientOf("admin");
  const auto host = JoinedHost("h1");
  for (int batch = 0; batch < 4; ++batch) {
    v1::ApplyRequest request;
    for (int i = 0; i < 250; ++i)
      *request.add_objects() = MakeStaticSite(fmt::format("s{}-{}", batch, i));
    ASSERT_OK(admin->Apply(request));
  }
  v1::Object lease = *Create(host.get(), MakeLease("h1"));
  std::atomic<bool> stop = false;
  std::atomic<int> lists = 0;
  std::vector<std::unique_ptr<Thread>> flood;
  for (int t = 0; t < 24; ++t) {
    flood.push_back(std::make_unique<Thread>(fmt::format("lister-{}", t), [&] {
      const auto client = ClientOf("admin");
      v1::ListRequest list;
      list.mutable_selector()->set_kind("Site");
      while (!stop) lists += client->ListObjects(list).ok() ? 1 : 0;
    }));
  }
  absl::Duration slowest;
  for (int beats = 0; beats < 20 || lists < 24; ++beats) {
    const absl::Duration start = RealClock()->Read().mono;
    lease.mutable_lease()->mutable_spec()->set_renewals(beats + 1);
    v1::UpdateRequest update;
    *update.mutable_object() = lease;
    const absl::StatusOr<v1::Object> renewed = host->Update(update);
    ASSERT_TRUE(renewed.ok()) << renewed.status();
    lease = *renewed;
    slowest = std::max(slowest, RealClock()->Read().mono - start);
  }
  stop = true;
  flood.clear();
  EXPECT_LT(slowest, absl::Seconds(10));  // One heartbeat's time; of four before a host is lost.
}

TEST_F(ServerTest, AWatchBySelectorSeesWhatEntersAndLeaves) {
  const auto admin = ClientOf("admin");
  v1::WatchRequest watch = WatchSites(0);
  watch.mutable_selector()->set_labels("team in (red, green),!retired");
  Events events(admin.get(), watch);
  EXPECT_EQ(events.Next()->type(), v1::WatchEvent::SNAPSHOT);
  v1::Object site = *Create(admin.get(), MakeStaticSite("blog"));
  const auto label = [&](const std::string& key, const std::string& value) {
    (*Meta(&site)->mutable_labels())[key] = value;
    v1::UpdateRequest update;
    *update.mutable_object() = site;
    site = *admin->Update(update);
  };
  label("team", "red");
  EXPECT_EQ(events.Next()->type(), v1::WatchEvent::ADDED);
  label("team", "green");
  EXPECT_EQ(events.Next()->type(), v1::WatchEvent::MODIFIED);
  label("retired", "");
  const absl::StatusOr<v1::WatchEvent> left = events.Next();
  EXPECT_EQ(left->type(), v1::WatchEvent::DELETED);
  EXPECT_FALSE(left->object().site().metadata().labels().contains("retired"));
  EXPECT_EQ(left->object().site().metadata().labels().at("team"), "green");
}

TEST_F(ServerTest, InitIsDoneOnce) {
  const std::string key = ReadText(dir_ + "/pki/ca.key");
  EXPECT_EQ(Initialize({.data_dir = dir_}, RealClock()->Read().wall).code(), Code::kAlreadyExists);
  EXPECT_EQ(ReadText(dir_ + "/pki/ca.key"), key);
  EXPECT_EQ(std::filesystem::status(dir_ + "/pki/ca.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(Initialize({.data_dir = dir_ + "x", .estate = "a/b"}, RealClock()->Read().wall).code(),
            Code::kInvalidArgument);
  EXPECT_THAT(Server::Start({.data_dir = dir_ + "x"}),
              IsError(Code::kNotFound, "reeve-apiserver init"));
}

TEST_F(ServerTest, AdministratorsWriteAndRead) {
  const auto admin = ClientOf("admin");
  const absl::StatusOr<v1::Object> made =
      Create(admin.get(), MakeStaticSite("blog", {"a.example"}));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(admin->Get({"Site", "default", "blog"})->SerializeAsString(),
            made->SerializeAsString());
  v1::ListRequest list;
  list.mutable_selector()->set_kind("Site");
  EXPECT_EQ(admin->ListObjects(list)->items.size(), 1u);
  EXPECT_EQ(admin->Version()->version(), REEVE_VERSION);
  const absl::Status conflict = Create(admin.get(), MakeStaticSite("shop", {"a.example"})).status();
  EXPECT_THAT(conflict,
              IsError(Code::kAlreadyExists, "\"a.example\" is held by Site default/blog"));
  EXPECT_EQ(schema::ViolationsOf(conflict).size(), 1u);
}

TEST_F(ServerTest, PatchesAndWhoAmIOverTheWire) {
  const auto admin = ClientOf("admin");
  ASSERT_OK(Create(admin.get(), MakeStaticSite("blog")));
  v1::PatchRequest patch;
  patch.mutable_key()->set_kind("Site");
  patch.mutable_key()->set_namespace_("default");
  patch.mutable_key()->set_name("blog");
  patch.set_document(R"({"spec":{"replicas":2}})");
  const absl::StatusOr<v1::Object> patched = admin->Patch(patch);
  ASSERT_OK(patched);
  EXPECT_EQ(patched->site().spec().replicas(), 2);
  patch.set_document(R"({"spec":{"domains":["no domain"]}})");
  const absl::Status refused = admin->Patch(patch).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(schema::ViolationsOf(refused).size(), 1u);
  EXPECT_EQ(schema::ViolationsOf(refused)[0].field(), "spec.domains[0]");
  EXPECT_EQ(admin->WhoAmI()->groups(0), "system:masters");
  EXPECT_EQ(JoinedHost("h1")->WhoAmI()->groups(0), "reeve:hosts");
}

TEST_F(ServerTest, LongListsComeInChunksAndWhole) {
  const auto controller = ClientOf("controllers");
  constexpr int kSites = 30;
  for (int i = 0; i < kSites; ++i) {
    v1::Object site = MakeStaticSite(fmt::format("s{}", i));
    (*schema::MutableMeta(&site)->mutable_annotations())["note"] = std::string(60'000, 'x');
    ASSERT_OK(Create(controller.get(), site));
  }
  v1::ListRequest list;
  list.mutable_selector()->set_kind("Site");
  const absl::StatusOr<client::List> all = controller->ListObjects(list);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->items.size(), static_cast<size_t>(kSites));
}

TEST_F(ServerTest, EveryViolationArrives) {
  v1::Object bad = MakeStaticSite("blog");
  for (int i = 0; i < 100; ++i)
    bad.mutable_site()->mutable_spec()->add_domains(fmt::format("bad_{}.example", i));
  const absl::Status status = Create(ClientOf("admin").get(), bad).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(schema::ViolationsOf(status).size(), 100u);
}

TEST_F(ServerTest, WatchesResumeAcrossARestart) {
  auto admin = ClientOf("admin");
  Revision seen = 0;
  {
    Events events(admin.get(), WatchSites(0));
    EXPECT_EQ(events.Next()->type(), v1::WatchEvent::SNAPSHOT);
    ASSERT_OK(Create(admin.get(), MakeStaticSite("a")));
    const absl::StatusOr<v1::WatchEvent> event = events.Next();
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(schema::Meta(event->object()).name(), "a");
    seen = event->revision();
    ASSERT_OK(Create(admin.get(), MakeStaticSite("b")));
    server_ = nullptr;
    absl::StatusOr<v1::WatchEvent> last = events.Next();
    while (last.ok()) last = events.Next();
    EXPECT_EQ(last.status().code(), Code::kUnavailable) << last.status();
  }
  StartServer();
  admin = ClientOf("admin");
  Events resumed(admin.get(), WatchSites(seen));
  ASSERT_OK(Create(admin.get(), MakeStaticSite("c")));
  EXPECT_EQ(schema::Meta(resumed.Next()->object()).name(), "b");
  EXPECT_EQ(schema::Meta(resumed.Next()->object()).name(), "c");
}

TEST_F(ServerTest, StrangersGetNothing) {
  const KeyPair other_ca = *MakeCa("playground", RealClock()->Read().wall);
  const KeyPair stranger = *MakeCert(other_ca, {.uri = "spiffe://playground/user/admin",
                                                .now = RealClock()->Read().wall,
                                                .lifetime = absl::Hours(1)});
  EXPECT_EQ(Client(stranger.cert_pem, stranger.key_pem)
                ->Get({"Namespace", "", "default"})
                .status()
                .code(),
            Code::kUnavailable);
  // The server's own certificate is not one of a client.
  EXPECT_FALSE(ClientOf("server")->Get({"Namespace", "", "default"}).ok());
}

TEST_F(ServerTest, AHostJoinsAndSeesItsOwn) {
  const auto host = JoinedHost("h1");
  const auto controller = ClientOf("controllers");
  ASSERT_OK(Create(controller.get(), MakeWork("mine", "h1")));
  ASSERT_OK(Create(controller.get(), MakeWork("theirs", "h2")));
  EXPECT_OK(host->Get({"Host", "", "h1"}));
  EXPECT_OK(host->Get({"Work", "default", "mine"}));
  EXPECT_EQ(host->Get({"Work", "default", "theirs"}).status().code(), Code::kNotFound);
  EXPECT_EQ(host->Get({"Namespace", "", "default"}).status().code(), Code::kPermissionDenied);
  EXPECT_OK(Create(host.get(), MakeLease("h1")));
  EXPECT_EQ(Create(host.get(), MakeLease("h2")).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(Create(host.get(), MakeStaticSite("blog")).status().code(), Code::kPermissionDenied);
  v1::WatchRequest watch = WatchWorks("h1");
  Events events(host.get(), watch);
  EXPECT_EQ(schema::Meta(events.Next()->object()).name(), "mine");
  EXPECT_EQ(events.Next()->summary().count(), 1);
  watch.mutable_selector()->clear_fields();
  EXPECT_EQ(Events(host.get(), watch).Next().status().code(), Code::kPermissionDenied);
  v1::CreateTokenRequest token;
  token.set_host("h2");
  EXPECT_EQ(host->CreateToken(token).status().code(), Code::kPermissionDenied);
}

TEST_F(ServerTest, ARemovedHostIsRefused) {
  const auto host = JoinedHost("h1");
  EXPECT_OK(host->Get({"Host", "", "h1"}));
  ASSERT_OK(Delete(ClientOf("admin").get(), "Host", "h1"));
  EXPECT_EQ(host->Get({"Host", "", "h1"}).status().code(), Code::kUnauthenticated);
}

TEST_F(ServerTest, ARemovedHostsWatchesEnd) {
  const auto host = JoinedHost("h1");
  const auto other = JoinedHost("h2");
  const auto admin = ClientOf("admin");
  Events works(host.get(), WatchWorks("h1"));
  EXPECT_EQ(works.Next()->type(), v1::WatchEvent::SNAPSHOT);
  Events others(other.get(), WatchWorks("h2"));
  EXPECT_EQ(others.Next()->type(), v1::WatchEvent::SNAPSHOT);
  ASSERT_OK(Delete(admin.get(), "Host", "h1"));
  EXPECT_THAT(works.Next().status(), IsError(Code::kUnauthenticated, "not of this estate"));
  EXPECT_THAT(Events(host.get(), WatchWorks("h1")).Next().status(),
              IsError(Code::kUnauthenticated, "not of this estate"));
  ASSERT_OK(Create(ClientOf("controllers").get(), MakeWork("theirs", "h2")));
  EXPECT_EQ(others.Next()->type(), v1::WatchEvent::ADDED);
}

// It keeps its finalizers until its controller has let go of what it held.
TEST_F(ServerTest, AHostThatWasGivenUpIsRefusedAtOnce) {
  const auto host = JoinedHost("h1");
  const auto controller = ClientOf("controllers");
  Events works(host.get(), WatchWorks("h1"));
  EXPECT_EQ(works.Next()->type(), v1::WatchEvent::SNAPSHOT);
  v1::UpdateRequest request;
  *request.mutable_object() = *controller->Get({"Host", "", "h1"});
  request.mutable_object()->mutable_host()->mutable_spec()->set_cordoned(true);
  *request.mutable_object() = *controller->Update(request);
  EXPECT_OK(host->Get({"Host", "", "h1"}));
  request.mutable_object()->mutable_host()->mutable_spec()->set_abandoned(true);
  ASSERT_OK(controller->Update(request));
  EXPECT_EQ(works.Next().status().code(), Code::kUnauthenticated);
  EXPECT_EQ(host->Get({"Host", "", "h1"}).status().code(), Code::kUnauthenticated);
}

TEST_F(ServerTest, ARemovedHostGetsNoMoreOfABlob) {
  const auto admin = ClientOf("admin");
  const std::string tar = MakeTar({{"index.html", std::string(30'000'000, 'x')}});
  const std::string digest = "sha256-" + Sha256Hex(tar);
  ASSERT_OK(Put(admin.get(), tar, digest));
  const auto host = JoinedHost("h1");
  v1::Object work = MakeWork("mine", "h1");
  v1::Artifact* artifact = work.mutable_work()->mutable_spec()->add_artifacts();
  artifact->set_id("content");
  artifact->mutable_unpack()->set_dir("site");
  artifact->mutable_unpack()->set_blob(digest);
  ASSERT_OK(Create(ClientOf("controllers").get(), work));
  size_t got = 0;
  const absl::Status end = host->GetBlob("default", digest, [&](std::string_view piece) {
    const absl::Status removed =
        got == 0 ? Delete(admin.get(), "Host", "h1").status() : absl::OkStatus();
    got += piece.size();
    return removed;
  });
  EXPECT_EQ(end.code(), Code::kUnauthenticated) << end;
  EXPECT_GT(got, 0u);
  EXPECT_LT(got, tar.size());
}

TEST_F(ServerTest, BlobsGoUpAndDown) {
  const auto admin = ClientOf("admin");
  const std::string tar = MakeTar({{"index.html", std::string(700'000, 'x')}});
  const std::string digest = "sha256-" + Sha256Hex(tar);
  const absl::StatusOr<v1::Blob> blob = Put(admin.get(), tar, digest);
  ASSERT_TRUE(blob.ok()) << blob.status();
  EXPECT_EQ(blob->metadata().name(), digest);
  std::string got;
  ASSERT_OK(admin->GetBlob("default", digest, [&](std::string_view piece) {
    got += piece;
    return absl::OkStatus();
  }));
  EXPECT_EQ(got, tar);
  const auto host = JoinedHost("h1");
  const auto ignore = [](std::string_view) { return absl::OkStatus(); };
  EXPECT_EQ(host->GetBlob("default", digest, ignore).code(), Code::kNotFound);
}

TEST_F(ServerTest, ATakenPortIsSaid) {
  ASSERT_OK(Initialize({.data_dir = dir_ + "/second"}, RealClock()->Read().wall));
  EXPECT_THAT(Server::Start({.data_dir = dir_ + "/second",
                             .listen = server_->endpoints().api,
                             .join_listen = "127.0.0.1:0"}),
              IsError(Code::kUnavailable, "cannot listen on"));
}

mode_t ModeOf(const std::string& path) {
  struct stat about {};
  EXPECT_EQ(stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 07777;
}

// What connect() of a process of user `nobody` ends with; only root can say.
int ConnectAsNobody(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const pid_t child = fork();
  if (child == 0) {
    const bool nobody = setgroups(0, nullptr) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (!nobody || fd < 0) _exit(255);
    _exit(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(ServerTest, TheSocketIsTheAdministratorsAndNobodyElses) {
  const std::string path = server_->endpoints().socket;
  ASSERT_EQ(path, dir_ + "/run/api.sock");
  const auto admin = *client::NewGrpcClient({.endpoint = "unix:" + path, .timeout = kPatience});
  const absl::StatusOr<v1::WhoAmIResponse> who = admin->WhoAmI();
  ASSERT_OK(who.status());
  EXPECT_EQ(who->name(), "admin");
  ASSERT_OK(Create(admin.get(), MakeStaticSite("a")));
  EXPECT_EQ(ModeOf(path), S_IRUSR | S_IWUSR);
  EXPECT_EQ(ModeOf(dir_ + "/run"), S_IRWXU);
  if (geteuid() != 0) return;
  EXPECT_EQ(ConnectAsNobody(path), EACCES);
  // Each of the three keeps others out by itself.
  std::filesystem::permissions(dir_, std::filesystem::perms(0755));
  EXPECT_EQ(ConnectAsNobody(path), EACCES);
  std::filesystem::permissions(dir_ + "/run", std::filesystem::perms(0755));
  EXPECT_EQ(ConnectAsNobody(path), EACCES);
  std::filesystem::permissions(path, std::filesystem::perms(0666));
  EXPECT_EQ(ConnectAsNobody(path), 0) << "the test could not have told";
}

TEST_F(ServerTest, ASocketThatWasLeftBehindIsReplaced) {
  const std::string path = server_->endpoints().socket;
  server_ = nullptr;
  sockaddr_un address{.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
  StartServer();
  const auto admin = *client::NewGrpcClient({.endpoint = "unix:" + path, .timeout = kPatience});
  ASSERT_OK(admin->WhoAmI().status());
}

TEST_F(ServerTest, WithoutAPlaceForASocketItServesAllTheSame) {
  const std::string data = dir_ + "/" + std::string(100, 'x');
  ASSERT_OK(Initialize({.data_dir = data}, RealClock()->Read().wall));
  const auto server =
      Server::Start({.data_dir = data, .listen = "127.0.0.1:0", .join_listen = "127.0.0.1:0"});
  ASSERT_OK(server.status());
  EXPECT_EQ((*server)->endpoints().socket, "");
}

// A disk that is not mounted must not look like an estate with nothing in it.
TEST_F(ServerTest, AStoreThatWasThereIsMissed) {
  const std::string data = dir_ + "/lost";
  ASSERT_OK(Initialize({.data_dir = data}, RealClock()->Read().wall));
  const ServerOptions options = {
      .data_dir = data, .listen = "127.0.0.1:0", .join_listen = "127.0.0.1:0"};
  ASSERT_OK(Server::Start(options).status());
  ASSERT_OK(Server::Start(options).status());
  std::filesystem::remove_all(data + "/db");
  EXPECT_THAT(Server::Start(options), IsError(Code::kDataLoss, "/db is missing"));
  EXPECT_FALSE(std::filesystem::exists(data + "/db"));
}

}  // namespace
}  // namespace reeve::apiserver
