#include "agents/os/net.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>

#include "agents/os/proc_net.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr size_t kBodyBytesMax = 64 << 10;
constexpr int kAwaitPeriodMillis = 20;

// A file of /proc, whole. Empty when it is gone: processes come and go while they are read.
std::string ReadProc(int dir, const std::string& path) {
  const Fd fd(::openat(dir, path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[32 << 10];
  while (fd.valid()) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

std::vector<std::string> NumericNames(int dir, const char* path) {
  std::vector<std::string> names;
  DIR* stream = ::fdopendir(::openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) return names;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') names.emplace_back(entry->d_name);
  }
  ::closedir(stream);
  return names;
}

// The inode of a "socket:[123]" link; 0 for anything else.
uint64_t SocketInode(int dir, const std::string& path) {
  char link[64];
  const ssize_t n = ::readlinkat(dir, path.c_str(), link, sizeof link - 1);
  if (n <= 0) return 0;
  link[n] = '\0';
  unsigned long long inode = 0;
  return std::sscanf(link, "socket:[%llu]", &inode) == 1 ? inode : 0;
}

using Owners = std::map<uint64_t, int>;  // Socket inode to pid; 0 until found.

void FindIn(int proc, const std::string& pid, Owners& owners) {
  const std::string fds = pid + "/fd";
  for (const std::string& fd : NumericNames(proc, fds.c_str())) {
    const auto owner = owners.find(SocketInode(proc, fds + "/" + fd));
    // The first in order of pid: of a master and its workers, the master.
    if (owner != owners.end() && owner->second == 0) owner->second = std::atoi(pid.c_str());
  }
}

void FindOwners(int proc, Owners& owners) {
  std::vector<std::string> pids = NumericNames(proc, ".");
  std::sort(pids.begin(), pids.end(), [](const std::string& a, const std::string& b) {
    return std::atoi(a.c_str()) < std::atoi(b.c_str());
  });
  for (const std::string& pid : pids) FindIn(proc, pid, owners);
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

size_t KeepBody(char* data, size_t size, size_t count, void* body) {
  auto* text = static_cast<std::string*>(body);
  text->append(data, std::min(size * count, kBodyBytesMax - text->size()));
  return size * count;
}

absl::Status CurlStatus(CURLcode code, const std::string& what) {
  const std::string message = fmt::format("{}: {}", what, curl_easy_strerror(code));
  if (code == CURLE_OPERATION_TIMEDOUT) return absl::DeadlineExceededError(message);
  return absl::UnavailableError(message);
}

// One request; freed with it.
class Request {
 public:
  Request() : handle_(curl_easy_init()) { CHECK(handle_ != nullptr, "libcurl gives a handle"); }
  ~Request() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(handle_);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  absl::StatusOr<HttpAnswer> Get(const HttpProbe& probe) {
    HttpAnswer answer;
    const std::string url = fmt::format("http://127.0.0.1:{}{}", probe.port, probe.path);
    SetUp(url, probe);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &KeepBody);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer.body);
    const CURLcode code = curl_easy_perform(handle_);
    if (code != CURLE_OK) return CurlStatus(code, url);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    return answer;
  }

 private:
  void SetUp(const std::string& url, const HttpProbe& probe) {
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_USERAGENT, "reeve-agent");
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(probe.timeout)));
    if (probe.host.empty()) return;
    headers_ = curl_slist_append(nullptr, ("Host: " + probe.host).c_str());
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
  }

  CURL* const handle_;
  curl_slist* headers_ = nullptr;
};

std::string Describe(const absl::StatusOr<HttpAnswer>& answer) {
  if (!answer.ok()) return Message(answer.status());
  return fmt::format("answers {} \"{}\"", answer->status, answer->body.substr(0, 64));
}

absl::Status CheckProbe(const HttpProbe& probe) {
  if (!probe.path.starts_with('/'))
    return InvalidArgument("path {}: must begin with /", probe.path);
  for (const std::string* text : {&probe.path, &probe.host}) {
    for (const unsigned char c : *text) {
      if (c <= ' ' || c == 0x7f) return InvalidArgument("a probe with a blank or control byte");
    }
  }
  return absl::OkStatus();
}

class RealNet : public Net {
 public:
  RealNet() {
    // Once per process, before threads use it; static for the rest of its life.
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(global == CURLE_OK, "libcurl starts");
  }

  absl::StatusOr<std::vector<TcpListener>> Listeners() override {
    const Fd proc = OpenProc();
    ASSIGN_OR_RETURN(std::vector<ListeningSocket> sockets, Sockets(proc.get()));
    return WithProcesses(proc.get(), std::move(sockets));
  }

  absl::StatusOr<std::vector<TcpListener>> ListeningSockets() override {
    const Fd proc = OpenProc();
    ASSIGN_OR_RETURN(std::vector<ListeningSocket> sockets, Sockets(proc.get()));
    return ByPort(std::move(sockets));
  }

  absl::Status TcpConnect(int port, absl::Duration timeout) override {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) return ErrnoStatus(errno, "making a socket");
    const std::string what = fmt::format("connecting to 127.0.0.1:{}", port);
    const sockaddr_in address = Loopback(port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return absl::OkStatus();
    if (errno != EINPROGRESS) return ErrnoStatus(errno, what);
    pollfd poll = {fd.get(), POLLOUT, 0};
    if (::poll(&poll, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0)
      return ErrnoStatus(ETIMEDOUT, what);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? absl::OkStatus() : ErrnoStatus(error, what);
  }

  absl::StatusOr<HttpAnswer> HttpGet(const HttpProbe& probe) override {
    RETURN_IF_ERROR(CheckProbe(probe));
    return Request().Get(probe);
  }

  absl::Status HttpAwait(const HttpProbe& probe, const std::string& body,
                         absl::Duration timeout) override {
    const absl::Duration deadline = RealClock()->Read().mono + timeout;
    for (int in_row = 0;;) {
      const absl::StatusOr<HttpAnswer> answer = HttpGet(probe);
      if (absl::IsInvalidArgument(answer.status())) return answer.status();
      const bool wanted = answer.ok() && answer->status == 200 && answer->body == body;
      in_row = wanted ? in_row + 1 : 0;
      if (in_row == kAwaitInRow) return absl::OkStatus();
      if (RealClock()->Read().mono >= deadline) {
        return DeadlineExceeded("127.0.0.1:{}{}: {}", probe.port, probe.path, Describe(answer));
      }
      ::poll(nullptr, 0, kAwaitPeriodMillis);
    }
  }

 private:
  static Fd OpenProc() { return Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

  static absl::StatusOr<std::vector<ListeningSocket>> Sockets(int proc) {
    const std::string table = ReadProc(proc, "net/tcp");
    // An empty table would say that every port is free.
    if (table.empty()) return Unavailable("/proc/net/tcp cannot be read");
    std::vector<ListeningSocket> sockets = ParseProcNetTcp(table);
    for (ListeningSocket& six : ParseProcNetTcp(ReadProc(proc, "net/tcp6")))
      sockets.push_back(std::move(six));
    return sockets;
  }

  static std::vector<TcpListener> WithProcesses(int proc, std::vector<ListeningSocket> sockets) {
    Owners owners;
    for (const ListeningSocket& socket : sockets) owners[socket.inode] = 0;
    FindOwners(proc, owners);
    for (ListeningSocket& socket : sockets) {
      socket.listener.pid = owners[socket.inode];
      if (socket.listener.pid != 0) {
        socket.listener.process = Trim(ReadProc(proc, fmt::format("{}/comm", socket.listener.pid)));
      }
    }
    return ByPort(std::move(sockets));
  }

  static std::vector<TcpListener> ByPort(std::vector<ListeningSocket> sockets) {
    std::vector<TcpListener> listeners;
    for (ListeningSocket& socket : sockets) listeners.push_back(std::move(socket.listener));
    std::sort(listeners.begin(), listeners.end(), [](const TcpListener& a, const TcpListener& b) {
      return std::tie(a.port, a.address) < std::tie(b.port, b.address);
    });
    return listeners;
  }
};

}  // namespace

bool CoversLoopback(std::string_view address) {
  return address == "127.0.0.1" || address == "0.0.0.0" || address == "::" ||
         address == "::ffff:127.0.0.1";
}

std::unique_ptr<Net> NewRealNet() { return std::make_unique<RealNet>(); }

}  // namespace reeve::agents
