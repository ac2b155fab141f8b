#include "apiserver/server.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "apiserver/backup_service.h"
#include "apiserver/content_service.h"
#include "apiserver/http/http_server.h"
#include "apiserver/http/kube_handler.h"
#include "apiserver/maintenance.h"
#include "apiserver/resource_service.h"
#include "apiserver/setup.h"
#include "base/durable_file.h"
#include "base/executor.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/process_usage.h"
#include "base/status.h"
#include "store/store.h"

namespace reeve::apiserver {
namespace {

// Connections of all ports, the store's files, and much room: gRPC bounds no connections, and a
// server without descriptors neither answers nor stores.
constexpr int64_t kOpenFilesWanted = 8 * kHttpConnectionsMax;
constexpr absl::Duration kMaintenancePeriod = absl::Minutes(1);
constexpr int kMinPingMillis = 10'000;
constexpr int kKeepaliveMillis = 30'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;
constexpr int kPingStrikesMax = 2;
constexpr int kConcurrentStreamsMax =
    1000;  // Of one connection: controllers and benchmarks watch much over one.
constexpr size_t kGrpcBytesMax = 512u << 20;
constexpr int64_t kShutdownSecondsMax = 2;

// "0.0.0.0:7443" bound at port 7443: what "0.0.0.0:0" became.
std::string WithPort(const std::string& listen, int port) {
  return fmt::format("{}:{}", listen.substr(0, listen.rfind(':')), port);
}

std::shared_ptr<grpc::ServerCredentials> Tls(const Setup& setup, bool client_certificates) {
  grpc::SslServerCredentialsOptions options(
      client_certificates ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                          : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_root_certs = setup.ca.cert_pem;
  options.pem_key_cert_pairs.push_back({setup.server.key_pem, setup.server.cert_pem});
  return grpc::SslServerCredentials(options);
}

void SetLimits(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kRequestBytesMax);
  builder->SetMaxSendMessageSize(-1);
  // A small message that unpacks to a huge one is refused.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder->SetResourceQuota(grpc::ResourceQuota("reeve").Resize(kGrpcBytesMax));
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, schema::kRpcMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentStreamsMax);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kMinPingMillis);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                              0);  // A second server on the port is an error.
}

// Blobs are kept beside a store that was opened once; a disk that is not mounted takes the store
// away, and what would be served then is an estate with nothing in it.
absl::Status CheckStoreIsThere(const std::string& data_dir) {
  if (std::filesystem::exists(data_dir + "/db") || !std::filesystem::exists(data_dir + "/blobs"))
    return absl::OkStatus();
  return DataLoss(
      "{0}/db is missing, though this server has stored objects there; mount or put it back, or "
      "restore a backup into an empty directory (to begin with nothing instead, remove {0}/blobs)",
      data_dir);
}

// What gRPC says on standard error in its own form is for people who look into gRPC.
void GrpcLog(gpr_log_func_args* args) {
  Log(LogLevel::kDebug, "grpc", {{"message", args->message}});
}

// What a path to a socket may have in it, which gRPC reads as part of a URI.
constexpr std::string_view kPathCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@";

// A port of `builder` for administrators of this machine; its path, "" when nothing can listen
// there. The directory lets nobody else in, from before the socket is there.
absl::StatusOr<std::string> AddSocket(grpc::ServerBuilder* builder, const std::string& data_dir) {
  const std::string dir = std::filesystem::absolute(data_dir) / kSocketDir;
  const std::string path = std::filesystem::absolute(data_dir) / kSocketName;
  if (path.size() >= sizeof(sockaddr_un::sun_path) ||
      path.find_first_not_of(kPathCharacters) != path.npos) {
    Log(LogLevel::kWarning, "no Unix socket: too long a path, or characters that it cannot have",
        {{"path", path}});
    return std::string();
  }
  RETURN_IF_ERROR(MakeDirs(dir));
  if (chmod(dir.c_str(), 0700) != 0) return ErrnoStatus(errno, "chmod of " + dir);
  builder->AddListeningPort("unix:" + path, grpc::experimental::LocalServerCredentials(UDS));
  return path;
}

class RunningServer final : public Server {
 public:
  ~RunningServer() override { Stop(); }

  absl::Status Open(const ServerOptions& options) {
    if (const int64_t files = RaiseOpenFilesLimit(); files < kOpenFilesWanted) {
      Log(LogLevel::kWarning, "few files may be open: connections can use them up",
          {{"limit", std::to_string(files)}, {"wanted", std::to_string(kOpenFilesWanted)}});
    }
    ASSIGN_OR_RETURN(setup_, LoadSetup(options.data_dir));
    RETURN_IF_ERROR(CheckStoreIsThere(options.data_dir));
    ASSIGN_OR_RETURN(store_, store::OpenRocksStore({.dir = options.data_dir + "/db"}));
    return OpenCore(options);
  }

  absl::Status Serve(const ServerOptions& options) {
    pump_ = std::make_unique<Thread>("watch-hub", [this] { PumpLoop(); });
    maintenance_ = std::make_unique<Thread>(
        "maintenance", [this, history = options.history] { MaintenanceLoop(history); });
    const ServiceContext context{authenticator_.get(), pool_.get(), RealClock()};
    // Joining hosts are told where the API is, and tokens say where to join: the join port is bound
    // first, and refuses until the API's is known too.
    RETURN_IF_ERROR(ServeJoin(context, options));
    RETURN_IF_ERROR(ServeApi(context, options));
    join_->SetApiEndpoint(Advertised(options, endpoints_.api));
    return options.kube_listen.empty() ? absl::OkStatus() : ServeKube(options);
  }

  Api* api() override { return api_.get(); }
  const Endpoints& endpoints() const override { return endpoints_; }
  absl::Status storage() const override { return store_->Writable(); }
  std::vector<client::ReadinessCheck> Checks() override {
    return {{"storage", [this] { return storage(); }},
            {"watch-hub",
             [this] { return hub_failed_ ? Internal("the watch hub ended") : absl::OkStatus(); }}};
  }

 private:
  absl::Status OpenCore(const ServerOptions& options) {
    ASSIGN_OR_RETURN(blobs_, BlobStore::Open(options.data_dir + "/blobs"));
    registry_ = std::make_unique<Registry>(
        Registry::Options{.store = store_.get(), .clock = RealClock(), .new_uid = RandomUuid});
    RETURN_IF_ERROR(registry_->EnsureNamespaces());
    known_hosts_ = std::make_unique<HostDirectory>(store_.get());
    authenticator_ = std::make_unique<Authenticator>(known_hosts_.get(), setup_.estate);
    ASSIGN_OR_RETURN(
        hub_,
        WatchHub::Start(
            {.store = store_.get(),
             .clock = RealClock(),
             .index = registry_->index(),
             .wake = [this] { pump_wake_.Notify(); },
             .admit = [this](const Identity& who) { return authenticator_->CheckStill(who); }}));
    api_ = std::make_unique<Api>(registry_.get(), hub_.get());
    backups_ = std::make_unique<Backups>(Backups::Options{
        .store = store_.get(), .clock = RealClock(), .data_dir = options.data_dir});
    content_ = std::make_unique<ContentStore>(registry_.get(), blobs_.get());
    joining_ = std::make_unique<Joining>(Joining::Options{.registry = registry_.get(),
                                                          .clock = RealClock(),
                                                          .estate = setup_.estate,
                                                          .ca = setup_.ca});
    pool_ = std::make_unique<WorkerPool>(kRequestThreads);
    return absl::OkStatus();
  }

  absl::Status ServeApi(const ServiceContext& context, const ServerOptions& options) {
    resources_ = std::make_unique<ResourceService>(context, api_.get());
    content_service_ = std::make_unique<ContentService>(context, content_.get());
    backup_service_ = std::make_unique<BackupService>(context, backups_.get());
    hosts_ = std::make_unique<HostsService>(context, joining_.get(),
                                            Advertised(options, endpoints_.join), setup_.ca_sha256);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    SetLimits(&builder);
    builder.RegisterService(resources_.get());
    builder.RegisterService(content_service_.get());
    builder.RegisterService(hosts_.get());
    builder.RegisterService(backup_service_.get());
    ASSIGN_OR_RETURN(endpoints_.socket, AddSocket(&builder, options.data_dir));
    RETURN_IF_ERROR(Bind(&builder, options.listen, true, &api_server_, &endpoints_.api));
    if (endpoints_.socket.empty() || chmod(endpoints_.socket.c_str(), kPrivateFile) == 0)
      return absl::OkStatus();
    return ErrnoStatus(errno, "chmod of " + endpoints_.socket);
  }

  absl::Status ServeJoin(const ServiceContext& context, const ServerOptions& options) {
    join_ = std::make_unique<JoinService>(context, joining_.get());
    grpc::ServerBuilder builder;
    SetLimits(&builder);
    builder.RegisterService(join_.get());
    return Bind(&builder, options.join_listen, false, &join_server_, &endpoints_.join);
  }

  absl::Status ServeKube(const ServerOptions& options) {
    kube_handler_ = std::make_unique<KubeHandler>(
        KubeHandler::Options{.api = api_.get(),
                             .clock = RealClock(),
                             .identify = [this](const std::string& pem) { return Identify(pem); },
                             .checks = [this] { return Checks(); },
                             .address = Advertised(options, options.kube_listen)});
    ASSIGN_OR_RETURN(
        kube_server_,
        HttpServer::Start({.listen = options.kube_listen,
                           .cert_pem = setup_.server.cert_pem,
                           .key_pem = setup_.server.key_pem,
                           .ca_pem = setup_.ca.cert_pem,
                           .handler = kube_handler_.get(),
                           .run = [this](std::function<void()> work, Priority priority) {
                             return pool_->Run(std::move(work), priority);
                           }}));
    endpoints_.kube = kube_server_->address();
    return absl::OkStatus();
  }

  absl::StatusOr<Identity> Identify(const std::string& cert_pem) const {
    if (cert_pem.empty()) return Unauthenticated("a client certificate is needed");
    return authenticator_->Identify(cert_pem);
  }

  absl::Status Bind(grpc::ServerBuilder* builder, const std::string& listen,
                    bool client_certificates, std::unique_ptr<grpc::Server>* server,
                    std::string* endpoint) {
    int port = 0;
    builder->AddListeningPort(listen, Tls(setup_, client_certificates), &port);
    *server = builder->BuildAndStart();
    if (*server == nullptr || port == 0)
      return Unavailable("cannot listen on {}: is the port taken?", listen);
    *endpoint = WithPort(listen, port);
    return absl::OkStatus();
  }

  // What hosts are told to connect to, for the port that `bound` ends in.
  std::string Advertised(const ServerOptions& options, const std::string& bound) const {
    const std::string host = options.advertise.empty() ? setup_.advertised : options.advertise;
    return fmt::format("{}{}", host, bound.substr(bound.rfind(':')));
  }

  void PumpLoop() {
    while (!stopping_) {
      const absl::StatusOr<bool> pumped = hub_->Pump();
      if (!pumped.ok()) {
        Log(LogLevel::kError, "the watch hub ended", {{"status", pumped.status().ToString()}});
        hub_failed_ = true;
        return;
      }
      if (!*pumped) pump_wake_.WaitFor(hub_->UntilBookmark());
    }
  }

  void MaintenanceLoop(const HistoryOptions& history) {
    Maintenance maintenance(store_.get(), blobs_.get(), history);
    while (!stopping_) {
      const absl::Status status = maintenance.Step(RealClock()->Read());
      if (!status.ok())
        Log(LogLevel::kWarning, "maintenance failed", {{"status", status.ToString()}});
      maintenance_wake_.WaitFor(kMaintenancePeriod);
    }
  }

  void Stop() {
    if (hub_ != nullptr) hub_->Shutdown();
    kube_server_.reset();
    const gpr_timespec deadline = gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kShutdownSecondsMax, GPR_TIMESPAN));
    if (join_server_ != nullptr) join_server_->Shutdown(deadline);
    if (api_server_ != nullptr) api_server_->Shutdown(deadline);
    stopping_ = true;
    pump_wake_.Notify();
    maintenance_wake_.Notify();
    pump_.reset();
    maintenance_.reset();
    pool_.reset();
  }

  Setup setup_;
  Endpoints endpoints_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> hub_failed_ = false;
  Notification pump_wake_;
  Notification maintenance_wake_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<HostDirectory> known_hosts_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Backups> backups_;
  std::unique_ptr<ContentStore> content_;
  std::unique_ptr<Joining> joining_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<ResourceService> resources_;
  std::unique_ptr<ContentService> content_service_;
  std::unique_ptr<BackupService> backup_service_;
  std::unique_ptr<HostsService> hosts_;
  std::unique_ptr<JoinService> join_;
  std::unique_ptr<KubeHandler> kube_handler_;
  std::unique_ptr<HttpServer> kube_server_;
  std::unique_ptr<grpc::Server> api_server_;
  std::unique_ptr<grpc::Server> join_server_;
  std::unique_ptr<Thread> pump_;
  std::unique_ptr<Thread> maintenance_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  gpr_set_log_function(GrpcLog);
  // gRPC's locks are absl's, and Debian's absl looks for cycles in each locking: a twentieth of a
  // server's time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  auto server = std::make_unique<RunningServer>();
  RETURN_IF_ERROR(server->Open(options));
  RETURN_IF_ERROR(server->Serve(options));
  return server;
}

}  // namespace reeve::apiserver
