#include "ctl/manifests.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "ctl/errors.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStdin = "-";

bool IsManifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

template <typename Iterator>
absl::StatusOr<std::vector<std::string>> FilesUnder(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (Iterator it(directory, error); !error && it != Iterator(); it.increment(error)) {
    if (it->is_regular_file(error) && IsManifest(it->path())) files.push_back(it->path().string());
  }
  if (error) return ErrnoStatus(error.value(), directory);
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& name, bool recursive) {
  std::error_code error;
  if (name == kStdin || fs::is_regular_file(name, error)) return std::vector<std::string>{name};
  if (!fs::exists(name, error)) return NotFound("the path \"{}\" does not exist", name);
  if (!fs::is_directory(name, error))
    return std::vector<std::string>{name};  // A pipe, as <(...) makes.
  auto files = recursive ? FilesUnder<fs::recursive_directory_iterator>(name)
                         : FilesUnder<fs::directory_iterator>(name);
  if (files.ok() && files->empty()) {
    return InvalidArgument("error reading [{}]: recognized file extensions are [.json .yaml .yml]",
                           name);
  }
  return files;
}

// At most one byte more than a manifest may have: the parser says what is too long.
std::string ReadBounded(std::istream& in) {
  std::string text(kManifestFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

absl::Status CheckNamespace(Session& session, schema::Manifest* manifest) {
  const schema::Kind* kind = schema::KindOf(manifest->object);
  v1::ObjectMeta* meta = schema::MutableMeta(&manifest->object);
  if (!kind->namespaced()) return absl::OkStatus();
  if (meta->namespace_().empty()) meta->set_namespace_(session.Namespace());
  if (!session.namespace_given() || meta->namespace_() == session.Namespace())
    return absl::OkStatus();
  return InvalidArgument(
      "the namespace from the provided object \"{0}\" does not match the namespace \"{1}\". You "
      "must pass "
      "'--namespace={0}' to perform this operation.",
      meta->namespace_(), session.Namespace());
}

// What is wrong with several files, as one error.
class Problems {
 public:
  void Add(const absl::Status& status) {
    if (status.ok()) return;
    if (!text_.empty()) text_ += "\n";
    text_ += Message(status);
  }
  absl::Status status() const {
    return text_.empty() ? absl::OkStatus() : Verbatim(InvalidArgument("{}", text_));
  }

 private:
  std::string text_;
};

}  // namespace

absl::StatusOr<std::string> ReadText(Session& session, const std::string& name) {
  if (name == kStdin) return ReadBounded(session.io().in);
  std::ifstream in(name, std::ios::binary);
  if (!in) return ErrnoStatus(errno, name);
  return ReadBounded(in);
}

absl::StatusOr<std::vector<schema::Manifest>> ReadManifests(Session& session) {
  if (session.flags().Texts("filename").empty()) {
    return InvalidArgument("must specify -f: a file, a directory, or - for standard input");
  }
  std::vector<schema::Manifest> all;
  Problems problems;
  for (const std::string& name : session.flags().Texts("filename")) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files,
                     FilesOf(name, session.flags().Bool("recursive")));
    for (const std::string& file : files) {
      ASSIGN_OR_RETURN(const std::string text, ReadText(session, file));
      absl::StatusOr<std::vector<schema::Manifest>> manifests =
          schema::ParseManifests(text, file == kStdin ? "STDIN" : file);
      problems.Add(manifests.status());
      if (!manifests.ok()) continue;
      for (schema::Manifest& manifest : *manifests) all.push_back(std::move(manifest));
    }
  }
  RETURN_IF_ERROR(problems.status());
  for (schema::Manifest& manifest : all) {
    RETURN_IF_ERROR(CheckNamespace(session, &manifest));
    for (const std::string& warning : manifest.warnings) session.Err("Warning: {}\n", warning);
  }
  return all;
}

}  // namespace reeve::ctl
