// Damages of the files of a closed store: each ends in a refusal to start, or has changed nothing
// that anybody can see. tests/proof/README.md.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/fault_fs.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

using testing::HasSubstr;

constexpr int kKeys = 40;

// Everything that can be seen of a store, as text.
absl::StatusOr<std::string> Dump(Store* store) {
  std::string text = fmt::format("{} {} {}\n", store->epoch(), store->revision(), store->floor());
  const auto show = [&text](const Version& version) {
    text +=
        fmt::format("{}={} {} {}\n", version.key, version.value, version.created, version.modified);
    return true;
  };
  ASSIGN_OR_RETURN(const auto view, store->Read());
  RETURN_IF_ERROR(view->Scan("", "", show));
  ASSIGN_OR_RETURN(const auto watcher, store->Watch("", "", store->floor(), [] {}));
  for (;;) {
    ASSIGN_OR_RETURN(const auto batch, watcher->Next());
    if (!batch) break;
    for (const Change& change : batch->changes) {
      show(change.version);
      if (change.previous) show(*change.previous);
    }
  }
  for (int k = 0; k < kKeys; ++k) {
    ASSIGN_OR_RETURN(const auto history, store->History(fmt::format("k{}", k), 100));
    for (const PastVersion& past : history) show(past.version);
  }
  return text;
}

// A closed store, how it was earlier in its life, and what it holds.
struct Subject {
  std::string name;
  std::string dir;
  std::shared_ptr<FaultFs> disk;
  std::vector<FaultFs::Image> earlier;
  FaultFs::Image whole;
  std::string contents;
};

class Maker {
 public:
  Maker(std::string name, std::string dir, uint64_t seed, uint64_t write_buffer_bytes)
      : random_(seed), write_buffer_bytes_(write_buffer_bytes) {
    subject_.name = std::move(name);
    subject_.dir = std::move(dir);
    subject_.disk = std::make_shared<FaultFs>(seed);
  }

  void Live(int commits) {
    const auto store = Open();
    for (int i = 0; i < commits; ++i) {
      Txn txn;
      const std::string key = fmt::format("k{}", random_() % kKeys);
      const bool remove = random_() % 5 == 0;
      const std::string value(200 + random_() % 1500, static_cast<char>('a' + random_() % 26));
      txn.writes = {{key, remove ? std::nullopt : std::optional(value)},
                    {fmt::format("n{}", i % 7), std::to_string(random_())}};
      ASSERT_OK(store->Commit(std::move(txn)).status);
      if (i == commits / 2) subject_.earlier.push_back(subject_.disk->Save());
    }
    if (commits > 300) {
      ASSERT_OK(store->Compact(store->FloorKeeping(100)));
    }
    ASSERT_OK_AND_ASSIGN(subject_.contents, Dump(store.get()));
  }
  void Keep() { subject_.earlier.push_back(subject_.disk->Save()); }

  Subject Finish() {
    subject_.whole = subject_.disk->Save();
    return std::move(subject_);
  }

 private:
  std::unique_ptr<Store> Open() {
    auto store = OpenRocksStore({.dir = subject_.dir,
                                 .ballast_bytes = 0,
                                 .write_buffer_bytes = write_buffer_bytes_,
                                 .disk = subject_.disk});
    CHECK(store.ok(), store.status().ToString());
    return *std::move(store);
  }

  std::mt19937_64 random_;
  const uint64_t write_buffer_bytes_;
  Subject subject_;
};

// What was done to which file.
struct Damage {
  std::string what;
  std::string path;
};

class Vandal {
 public:
  explicit Vandal(uint64_t seed) : random_(seed) {}

  Damage Strike(const Subject& subject) {
    const std::string path = Choose(subject.whole);
    const std::string& whole = subject.whole.at(path).contents;
    FaultFs& disk = *subject.disk;
    switch (random_() % 5) {
      case 0:
        disk.Delete(path);
        return {"deleted", path};
      case 1:
        if (whole.empty()) break;
        disk.Truncate(path, random_() % whole.size());
        return {"truncated", path};
      case 2:
        return PutBack(subject, path);
      default:
        break;
    }
    if (whole.empty()) return {"left alone", path};
    disk.FlipBit(path, random_() % (whole.size() * 8));
    return {"bit flipped", path};
  }

 private:
  // Each kind of file as often as the others.
  std::string Choose(const FaultFs::Image& image) {
    std::map<std::string, std::vector<std::string>> kinds;
    for (const auto& [path, file] : image) {
      const std::string name = path.substr(path.rfind('/') + 1);
      const size_t cut = name.find_first_of(".-");
      kinds[name.find('.') == std::string::npos ? name.substr(0, cut) : name.substr(name.find('.'))]
          .push_back(path);
    }
    auto kind = kinds.begin();
    std::advance(kind, static_cast<std::ptrdiff_t>(random_() % kinds.size()));
    return kind->second[random_() % kind->second.size()];
  }

  // An old copy: of the file, of the database beside its mark, or of everything.
  Damage PutBack(const Subject& subject, const std::string& path) {
    const FaultFs::Image& old = subject.earlier[random_() % subject.earlier.size()];
    const uint64_t how = random_() % 3;
    if (how == 0) {
      const auto found = old.find(path);
      if (found == old.end()) {
        subject.disk->Delete(path);
        return {"deleted", path};
      }
      subject.disk->PutCopy(path, found->second.contents);
      return {"old copy put back", path};
    }
    for (const auto& [name, file] : subject.whole) {
      if (how == 1 || !name.ends_with("/mark")) subject.disk->Delete(name);
    }
    for (const auto& [name, file] : old) {
      if (how == 1 || !name.ends_with("/mark")) subject.disk->PutCopy(name, file.contents);
    }
    return {how == 1 ? "old copy of everything put back" : "old copy of the database put back",
            subject.dir};
  }

  std::mt19937_64 random_;
};

absl::StatusOr<std::string> OpenAndDump(const Subject& subject) {
  ASSIGN_OR_RETURN(const auto store,
                   OpenRocksStore({.dir = subject.dir, .ballast_bytes = 0, .disk = subject.disk}));
  return Dump(store.get());
}

// Files without which the same is seen.
bool MayBeHarmless(const Damage& damage) {
  const std::string name = damage.path.substr(damage.path.rfind('/') + 1);
  return name.starts_with("OPTIONS-") || name == "IDENTITY" || name == "LOCK" ||
         damage.what == "left alone";
}

// How the damages of one suite ended.
struct Tally {
  std::map<std::string, int> refused;
  std::map<std::string, int> harmless;
  int named = 0;

  void Print(int64_t total) const {
    int all_refused = 0;
    int all_harmless = 0;
    for (const auto& [what, count] : refused) all_refused += count;
    for (const auto& [what, count] : harmless) all_harmless += count;
    Reached(
        "{} damages: {} refused ({} name the very file, the others what is missing because of "
        "it), {} harmless and verified equal, 0 silent",
        total, all_refused, named, all_harmless);
    for (const auto& [what, count] : harmless)
      std::printf("  harmless: %s: %d\n", what.c_str(), count);
    for (const auto& [what, count] : refused)
      std::printf("  refused: %s: %d\n", what.c_str(), count);
  }
};

std::string KindOf(const Damage& damage) {
  std::string name = damage.path.substr(damage.path.rfind('/') + 1);
  std::erase_if(name, [](char c) { return c >= '0' && c <= '9'; });
  return damage.what + " " + name;
}

void Judge(const Subject& subject, const Damage& damage, Tally* tally) {
  const absl::StatusOr<std::string> seen = OpenAndDump(subject);
  const std::string name = damage.path.substr(damage.path.rfind('/') + 1);
  if (!seen.ok()) {
    EXPECT_THAT(seen.status(), IsError(absl::StatusCode::kDataLoss, subject.dir))
        << damage.what << " " << damage.path;
    ++tally->refused[KindOf(damage)];
    tally->named += seen.status().message().find(name) != std::string::npos ? 1 : 0;
    return;
  }
  EXPECT_TRUE(*seen == subject.contents)
      << "SILENT in " << subject.name << ": " << damage.what << " " << damage.path;
  if (!MayBeHarmless(damage))
    std::printf("  harmless in %s: %s %s\n", subject.name.c_str(), damage.what.c_str(),
                damage.path.c_str());
  ++tally->harmless[KindOf(damage)];
}

std::vector<Subject> MakeSubjects(const std::string& dir) {
  std::vector<Subject> subjects;
  {
    Maker log_only("all in the log", dir + "/log", 1, 32 << 20);
    log_only.Live(120);
    subjects.push_back(log_only.Finish());
  }
  {
    Maker tables("tables and several lives", dir + "/tables", 2, 64 << 10);
    tables.Live(250);
    tables.Keep();
    tables.Live(400);
    tables.Keep();
    tables.Live(100);
    subjects.push_back(tables.Finish());
  }
  return subjects;
}

TEST(DamageTest, NoneIsSilent) {
  const int64_t damages = CountOf(150, 1000);
  const uint64_t seed = SeedOf(20260303);
  const TempDir dir;
  const std::vector<Subject> subjects = MakeSubjects(dir / "s");
  Vandal vandal(seed);
  Tally tally;
  for (int64_t i = 0; i < damages; ++i) {
    SCOPED_TRACE(fmt::format("seed {}, damage {}", seed, i));
    const Subject& subject = subjects[i % subjects.size()];
    subject.disk->Restore(subject.whole);
    const Damage damage = vandal.Strike(subject);
    Judge(subject, damage, &tally);
  }
  tally.Print(damages);
}

TEST(DamageTest, WhatWasNotTouchedOpens) {
  const TempDir dir;
  for (const Subject& subject : MakeSubjects(dir / "s")) {
    subject.disk->Restore(subject.whole);
    const auto seen = OpenAndDump(subject);
    ASSERT_OK(seen);
    EXPECT_TRUE(*seen == subject.contents) << subject.name;
  }
}

}  // namespace
}  // namespace reeve::store
