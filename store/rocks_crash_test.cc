// Kills a process that writes, damages the files of a store, and opens it again.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <random>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/store.h"
#include "store/testing/soak.h"
#include "store/testing/store_conformance.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;

constexpr uint64_t kSeed = 20260102;

struct Ack {
  std::string key;
  std::string value;
  bool durable = false;
};

// A store_crash_writer and its acknowledgements.
class Writer {
 public:
  explicit Writer(const std::string& dir) {
    int fds[2];
    CHECK(pipe2(fds, O_CLOEXEC) == 0, "a pipe");
    const std::string program =
        fs::read_symlink("/proc/self/exe").parent_path() / "store_crash_writer";
    std::string argument = dir;
    char* argv[] = {const_cast<char*>(program.c_str()), argument.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    CHECK(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ) == 0, program);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    out_ = fdopen(fds[0], "r");
  }
  ~Writer() { fclose(out_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False at the end of the output.
  bool Read(std::map<Revision, Ack>* acks) {
    long long revision = 0;
    char key[64];
    char value[64];
    int durable = 0;
    if (fscanf(out_, "%lld %63s %63s %d", &revision, key, value, &durable) != 4) return false;
    (*acks)[revision] = {key, value, durable == 1};
    return true;
  }
  void Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  }

 private:
  pid_t pid_ = 0;
  FILE* out_ = nullptr;
};

// Every durable acknowledgement is in the change log as it was acknowledged, with its twin; none of
// the revisions is given to anything else.
void CheckLog(Store* store, Revision after, const std::map<Revision, Ack>& acks) {
  ASSERT_OK_AND_ASSIGN(const auto watcher, store->Watch("", "", after, [] {}));
  std::map<Revision, Batch> log;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(auto batch, watcher->Next());
    if (!batch) break;
    log[batch->revision] = *batch;
  }
  for (const auto& [revision, ack] : acks) {
    const auto found = log.find(revision);
    if (found == log.end()) {
      EXPECT_FALSE(ack.durable) << "lost: revision " << revision;
      continue;
    }
    ASSERT_EQ(found->second.changes.size(), 2) << revision;
    EXPECT_EQ(found->second.changes[0].version.key, ack.key);
    EXPECT_EQ(found->second.changes[0].version.value, ack.value);
    EXPECT_EQ(found->second.changes[1].version.value, ack.value);
  }
  EXPECT_GE(store->revision(), acks.rbegin()->first);
}

TEST(RocksCrashTest, NoAcknowledgedWriteIsLostByKill) {
  const int64_t cycles = CountOf(200, 2000);
  const TempDir dir;
  std::mt19937_64 random(kSeed);
  Revision before = 0;
  size_t acknowledged = 0;
  for (int64_t cycle = 0; cycle < cycles && !HasFailure(); ++cycle) {
    SCOPED_TRACE(cycle);
    std::map<Revision, Ack> acks;
    {
      Writer writer(dir / "db");
      for (uint64_t n = 1 + random() % (cycle % 20 == 0 ? 600 : 40); n > 0; --n)
        ASSERT_TRUE(writer.Read(&acks));
      writer.Kill();
      while (writer.Read(&acks)) {
      }
    }
    acknowledged += acks.size();
    EXPECT_GT(acks.begin()->first, before) << "a revision was used twice";
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = dir / "db", .ballast_bytes = 0}));
    CheckLog(store.get(), before, acks);
    before = store->revision();
  }
  Reached("{} kills with -9: {} acknowledged commits, 0 lost", cycles, acknowledged);
}

// A closed store of `commits` commits in `dir`.
void Fill(const std::string& dir, int commits) {
  ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = dir, .ballast_bytes = 0}));
  for (int i = 0; i < commits; ++i) {
    ASSERT_OK(store->Commit(Put(fmt::format("k{}", i), std::string(100, 'x'))).status);
  }
}

absl::Status Reopen(const std::string& dir) {
  return OpenRocksStore({.dir = dir, .ballast_bytes = 0}).status();
}

// The biggest file in `dir` whose name ends so.
std::string FileNamed(const std::string& dir, std::string_view ending) {
  std::string found;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(ending)) continue;
    if (found.empty() || entry.file_size() > fs::file_size(found)) found = entry.path();
  }
  EXPECT_NE(found, "") << ending;
  return found;
}

void FlipBit(const std::string& path, uint64_t offset, int bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ (1 << bit)));
}

class RocksDamageTest : public testing::Test {
 protected:
  void SetUp() override { Fill(whole_, 200); }
  // A fresh copy of the store of 200 commits, for which its owner vouches.
  std::string Copy() {
    fs::remove_all(copy_);
    fs::copy(whole_, copy_, fs::copy_options::recursive);
    std::ofstream(copy_ + "/accept-copy").close();
    return copy_;
  }

  const TempDir dir_;
  const std::string whole_ = dir_ / "whole";
  const std::string copy_ = dir_ / "copy";
};

TEST_F(RocksDamageTest, ACopyOpensOnlyWhenTheOwnerVouchesForIt) {
  ASSERT_OK_AND_ASSIGN(const Disk::File mark, MachineDisk()->Read(whole_ + "/mark"));
  if (!mark.born) GTEST_SKIP() << "this disk does not tell when a file was made";
  // The disk's clock ticks every few milliseconds.
  while (MachineDisk()->Read(Copy() + "/mark")->born == mark.born) continue;
  fs::remove(copy_ + "/accept-copy");
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, copy_ + "/mark is a copy"));
  std::ofstream(copy_ + "/accept-copy").close();
  EXPECT_OK(Reopen(copy_));
  EXPECT_FALSE(fs::exists(copy_ + "/accept-copy"));
  EXPECT_OK(Reopen(copy_));
}

TEST_F(RocksDamageTest, AFlippedBitAnywhereInTheLogIsRefused) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 100 / kBuildSlowness; ++i) {
    const std::string log = FileNamed(Copy() + "/rocks", ".log");
    const uint64_t offset = random() % fs::file_size(log);
    FlipBit(log, offset, static_cast<int>(random() % 8));
    EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "Restore " + copy_))
        << "byte " << offset;
  }
}

TEST_F(RocksDamageTest, AFlippedBitAnywhereInATableFileIsRefused) {
  ASSERT_OK(Reopen(whole_));  // Moves the log into a table file.
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 50 / kBuildSlowness; ++i) {
    const std::string table = FileNamed(Copy() + "/rocks", ".sst");
    const uint64_t offset = random() % fs::file_size(table);
    FlipBit(table, offset, static_cast<int>(random() % 8));
    EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, fs::path(table).filename().string()))
        << "byte " << offset;
  }
}

TEST_F(RocksDamageTest, ALogCutShortAnywhereIsRefused) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 30 / kBuildSlowness; ++i) {
    const std::string log = FileNamed(Copy() + "/rocks", ".log");
    const uint64_t size = random() % fs::file_size(log);
    fs::resize_file(log, size);
    EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "")) << size << " bytes left";
  }
}

TEST_F(RocksDamageTest, AMissingFileIsRefused) {
  for (const char* ending : {".log", "CURRENT"}) {
    fs::remove(FileNamed(Copy() + "/rocks", ending));
    EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "Restore")) << ending;
  }
  fs::remove_all(Copy() + "/rocks");
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "Restore"));
  fs::remove(Copy() + "/mark");
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "the mark is missing"));
  Copy();
  ASSERT_OK(Reopen(copy_));  // Moves the log into a table file.
  fs::remove(FileNamed(copy_ + "/rocks", ".sst"));
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "Restore"));
}

TEST_F(RocksDamageTest, ADamagedMarkIsRefused) {
  FlipBit(Copy() + "/mark", 30, 2);
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "mark"));
}

TEST_F(RocksDamageTest, AnOlderOrForeignDatabaseUnderTheMarkIsRefused) {
  Copy();
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = copy_, .ballast_bytes = 0}));
    ASSERT_OK(store->Commit(Put("later", "")).status);
  }
  fs::remove_all(copy_ + "/rocks");
  fs::copy(whole_ + "/rocks", copy_ + "/rocks", fs::copy_options::recursive);
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "revision 201 was acknowledged"));
  Fill(dir_ / "foreign", 300);
  fs::remove_all(copy_ + "/rocks");
  fs::rename(dir_ / "foreign/rocks", copy_ + "/rocks");
  EXPECT_THAT(Reopen(copy_), IsError(StatusCode::kDataLoss, "do not belong together"));
}

TEST_F(RocksDamageTest, TheOwnerMayAcceptTheLossAsANewEpoch) {
  std::string epoch;
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = whole_, .ballast_bytes = 0}));
    epoch = store->epoch();
  }
  fs::remove(whole_ + "/mark");
  std::ofstream(whole_ + "/accept-loss").close();
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = whole_, .ballast_bytes = 0}));
    EXPECT_NE(store->epoch(), epoch);
    EXPECT_GE(store->revision(), 1'000'200);
    ASSERT_OK_AND_ASSIGN(const auto view, store->Read());
    ASSERT_OK_AND_ASSIGN(const auto version, view->Get("k199"));
    EXPECT_TRUE(version.has_value());
  }
  EXPECT_FALSE(fs::exists(whole_ + "/accept-loss"));
  EXPECT_OK(Reopen(whole_));
}

}  // namespace
}  // namespace reeve::store
