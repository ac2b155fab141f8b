// What a machine can check about the sources: style.md as a test. Run from the source root.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace reeve {
namespace {

constexpr int kFunctionLinesMax = 70;
constexpr int kLineColumnsMax = 100;
constexpr int kFileLinesMax = 800;

const std::vector<std::string>& Folders() {
  static const std::vector<std::string> folders = {
      "base",   "proto",       "store", "apiserver",  "client",
      "agents", "controllers", "ctl",   "standalone", "tests"};
  return folders;
}

struct Source {
  std::string path;
  std::vector<std::string> lines;
};

std::vector<std::string> ReadLines(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool IsSource(const std::filesystem::path& path) {
  return path.extension() == ".cc" || path.extension() == ".h";
}

const std::vector<Source>& Sources() {
  static const std::vector<Source> sources = [] {
    std::vector<Source> found;
    for (const std::string& folder : Folders()) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (IsSource(entry.path()))
          found.push_back({entry.path().string(), ReadLines(entry.path())});
      }
    }
    return found;
  }();
  return sources;
}

bool IsTest(const std::string& path) {
  return path.starts_with("tests/") || path.find("/testing/") != std::string::npos ||
         path.ends_with("_test.cc") || path.ends_with("_bench.cc") || path.ends_with("_fuzz.cc");
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.find('/')); }

// Without string literals and line comments, so that patterns see code only.
std::string Code(const std::string& line) {
  static const std::regex literals(R"("(\\.|[^"\\])*"|'(\\.|[^'\\])*')");
  static const std::regex comment("//.*$");
  return std::regex_replace(std::regex_replace(line, literals, "\"\""), comment, "");
}

// Functions whose body starts at column 0 or 2: clang-format puts the closing brace at the column
// of the first line.
void CheckFunctionLengths(const Source& source) {
  static const std::regex opening(R"(^( {0}| {2})[A-Za-z~].*\{$)");
  static const std::regex not_function(
      R"(^ *(namespace|class|struct|enum|union|extern|static const|const|constexpr|inline const))"
      R"(\b.*)");
  for (size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_match(source.lines[i], match, opening)) continue;
    if (std::regex_match(source.lines[i], not_function) &&
        source.lines[i].find('(') == std::string::npos)
      continue;
    const std::string closing = match[1].str() + "}";
    size_t end = i + 1;
    while (end < source.lines.size() && !source.lines[end].starts_with(closing)) ++end;
    if (source.lines[i].find("namespace") != std::string::npos) continue;
    if (std::regex_match(source.lines[i], std::regex(R"(^ *(class|struct|enum)\b.*)"))) continue;
    EXPECT_LE(static_cast<int>(end - i + 1), kFunctionLinesMax)
        << source.path << ":" << i + 1 << ": a function of " << end - i + 1 << " lines";
  }
}

TEST(Tidy, FunctionsAreShort) {
  for (const Source& source : Sources()) CheckFunctionLengths(source);
}

TEST(Tidy, FilesAndLinesAreShort) {
  for (const Source& source : Sources()) {
    EXPECT_LE(static_cast<int>(source.lines.size()), kFileLinesMax) << source.path;
    for (size_t i = 0; i < source.lines.size(); ++i) {
      EXPECT_LE(source.lines[i].size(), kLineColumnsMax) << source.path << ":" << i + 1;
    }
  }
}

TEST(Tidy, HeadersSayWhatTheyAre) {
  for (const Source& source : Sources()) {
    if (!source.path.ends_with(".h")) continue;
    ASSERT_FALSE(source.lines.empty()) << source.path;
    EXPECT_TRUE(source.lines[0].starts_with("// "))
        << source.path << ": starts with its contract as a comment";
    bool pragma = false;
    for (const std::string& line : source.lines) pragma = pragma || line == "#pragma once";
    EXPECT_TRUE(pragma) << source.path << ": #pragma once";
  }
}

// layers.txt: folder -> the folders it may include.
std::map<std::string, std::set<std::string>> Layers() {
  std::map<std::string, std::set<std::string>> layers;
  for (const std::string& line : ReadLines("cmake/layers.txt")) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::set<std::string>& allowed = layers[line.substr(0, line.find(':'))];
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return layers;
}

std::optional<std::string> IncludedPath(const std::string& line) {
  static const std::regex include(R"re(^#include "([^"]+)".*)re");
  std::smatch match;
  if (!std::regex_match(line, match, include)) return std::nullopt;
  return match[1].str();
}

TEST(Tidy, IncludesFollowTheLayers) {
  const auto layers = Layers();
  for (const Source& source : Sources()) {
    const std::string folder = FolderOf(source.path);
    if (IsTest(source.path)) continue;
    for (const std::string& line : source.lines) {
      const std::optional<std::string> included = IncludedPath(line);
      if (!included || !layers.contains(FolderOf(*included))) continue;
      const std::string target = FolderOf(*included);
      EXPECT_TRUE(target == folder || layers.at(folder).contains(target))
          << source.path << " includes " << *included;
      EXPECT_EQ(included->find("/testing/"), std::string::npos)
          << source.path << " includes " << *included;
    }
  }
}

TEST(Tidy, EachLibraryHasOneDoor) {
  // Header prefix -> where it may be included. Tests may look behind the door.
  const std::map<std::string, std::string> doors = {
      {"<rocksdb/", R"(store/rocks_[a-z_]+\.cc)"},
      {"<spdlog/", R"(base/log\.cc)"},
      {"<prometheus/", R"(base/metrics\.cc)"},
      {"<yaml-cpp/", R"(proto/schema/yaml[a-z_]*\.cc)"},
      {"<sdbus-c++/", R"(agents/os/bus\.cc)"},
      {"<httplib.h>", R"(client/http_probe_server\.cc)"},
      {"<nlohmann/", R"(proto/schema/json[a-z_]*\.cc|apiserver/http/([a-z_]+\.cc|json_body\.h))"},
      {"<boost/", R"(apiserver/http/http_server\.cc)"},
      {"<CLI/", R"((.*/main|ctl/[a-z_]+)\.cc)"},
      {"<curl/", R"(agents/os/net\.cc)"},
  };
  for (const Source& source : Sources()) {
    if (IsTest(source.path)) continue;
    for (const std::string& line : source.lines) {
      for (const auto& [prefix, where] : doors) {
        if (line.find("#include " + prefix) == std::string::npos) continue;
        EXPECT_TRUE(std::regex_match(source.path, std::regex(where)))
            << source.path << " includes " << prefix;
      }
    }
  }
}

struct Banned {
  std::string name;
  std::regex pattern;
  std::regex allowed;  // Paths.
};

TEST(Tidy, TimeThreadsAndChanceHaveOneHome) {
  const std::vector<Banned> banned = {
      {"threads", std::regex(R"(std::(thread|jthread|async)\b)"),
       std::regex(R"(base/.*|.*(_test|_bench)\.cc|.*/testing/.*|tests/.*)")},
      {"clocks",
       std::regex(R"(\b(system|steady)_clock\b|clock_gettime|absl::Now\(|(^|[^A-Za-z_:.>])time\()"),
       std::regex(R"(base/.*|agents/os/.*|.*(_test|_bench)\.cc|.*/testing/.*|tests/.*)")},
      {"randomness", std::regex(R"(std::random_device|\brand\()"), std::regex(R"(base/.*)")},
      {"a shell", std::regex(R"((^|[^a-z_.:>])(system|popen)\()"), std::regex("none")},
      {"absl::Mutex", std::regex(R"(absl::Mutex)"), std::regex(R"(base/mutex\.h)")},
  };
  for (const Source& source : Sources()) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      const std::string code = Code(source.lines[i]);
      for (const Banned& rule : banned) {
        if (!std::regex_search(code, rule.pattern) || std::regex_match(source.path, rule.allowed))
          continue;
        ADD_FAILURE() << source.path << ":" << i + 1 << ": " << rule.name
                      << " outside its home: " << source.lines[i];
      }
    }
  }
}

TEST(Tidy, NothingSleeps) {
  static const std::regex sleeping(R"(sleep_for|sleep_until|SleepFor\(|\busleep\(|[^a-z_]sleep\()");
  for (const Source& source : Sources()) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      EXPECT_FALSE(std::regex_search(Code(source.lines[i]), sleeping))
          << source.path << ":" << i + 1;
    }
  }
}

TEST(Tidy, NothingIsLeftUnfinished) {
  static const std::regex unfinished(
      "\\b(TO"
      "DO|FIX"
      "ME|X"
      "XX|HA"
      "CK)\\b|DIS"
      "ABLED_");
  for (const Source& source : Sources()) {
    for (size_t i = 0; i < source.lines.size(); ++i) {
      EXPECT_FALSE(std::regex_search(source.lines[i], unfinished)) << source.path << ":" << i + 1;
    }
  }
}

TEST(Tidy, NoMergeIsHalfDone) {
  static const std::regex marker("^(<{7}|={7}|>{7})( .*)?$");
  for (const char* folder : {".", "cmake", "docs", "scripts", "manifests", "tests/fleet"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      for (const std::string& line : ReadLines(entry.path()))
        EXPECT_FALSE(std::regex_match(line, marker)) << entry.path() << ": " << line;
    }
  }
}

TEST(Tidy, EveryTestFileIsBuilt) {
  std::map<std::string, std::string> lists;
  for (const Source& source : Sources()) {
    if (!source.path.ends_with("_test.cc")) continue;
    std::filesystem::path folder = std::filesystem::path(source.path).parent_path();
    const std::string name = std::filesystem::path(source.path).filename();
    bool listed = false;
    for (; !folder.empty() && !listed; folder = folder.parent_path()) {
      std::ifstream in(folder / "CMakeLists.txt");
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      listed = text.find(name) != std::string::npos;
    }
    EXPECT_TRUE(listed) << source.path << " is in no CMakeLists.txt";
  }
}

}  // namespace
}  // namespace reeve
