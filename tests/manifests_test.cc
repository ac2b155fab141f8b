// Every YAML in manifests/ and in the documents is parsed and validated, so that no example rots.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "proto/schema/validate.h"
#include "proto/schema/yaml.h"

namespace reeve {
namespace {

struct Sample {
  std::string source;
  std::string text;
};

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The ```yaml blocks of a Markdown file, each named file:line.
std::vector<Sample> YamlBlocks(const std::filesystem::path& path) {
  std::vector<Sample> samples;
  std::ifstream in(path);
  int number = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const size_t indent = line.find_first_not_of(' ');
    const std::string trimmed = indent == std::string::npos ? "" : line.substr(indent);
    if (!inside && trimmed == "```yaml") {
      samples.push_back({path.string() + ":" + std::to_string(number + 1), ""});
      inside = true;
    } else if (inside && trimmed == "```") {
      inside = false;
    } else if (inside) {
      samples.back().text += line + "\n";
    }
  }
  return samples;
}

std::vector<Sample> Samples() {
  std::vector<Sample> samples = YamlBlocks("README.md");
  for (const auto& entry : std::filesystem::recursive_directory_iterator("docs")) {
    if (entry.path().extension() != ".md") continue;
    for (Sample& sample : YamlBlocks(entry.path())) samples.push_back(std::move(sample));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator("manifests/examples")) {
    if (entry.path().extension() == ".yaml")
      samples.push_back({entry.path().string(), ReadAll(entry.path())});
  }
  return samples;
}

TEST(Manifests, EveryExampleIsValid) {
  const std::vector<Sample> samples = Samples();
  EXPECT_GE(samples.size(), 8u) << "the examples were not found: run from the source root";
  for (const Sample& sample : samples) {
    const auto manifests = schema::ParseManifests(sample.text, sample.source);
    ASSERT_OK(manifests);
    for (schema::Manifest manifest : *manifests) {
      EXPECT_TRUE(manifest.warnings.empty()) << manifest.warnings.front();
      v1::ObjectMeta* meta =
          schema::MutableMeta(&manifest.object);  // ctl and the server fill in the namespace.
      if (schema::KindOf(manifest.object)->namespaced() && meta->namespace_().empty())
        meta->set_namespace_("default");
      schema::Canonicalize(&manifest.object);
      schema::ApplyDefaults(&manifest.object);
      for (const v1::FieldViolation& violation : schema::Validate(manifest.object)) {
        ADD_FAILURE() << sample.source << ": " << violation.field() << ": " << violation.message();
      }
    }
  }
}

}  // namespace
}  // namespace reeve
