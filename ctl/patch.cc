// ctl patch and ctl scale.
#include <charconv>
#include <optional>

#include "base/status.h"
#include "ctl/columns.h"
#include "ctl/manifests.h"
#include "ctl/output.h"
#include "ctl/patching.h"
#include "ctl/verbs.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"

namespace reeve::ctl {
namespace {

absl::StatusOr<v1::PatchRequest::Type> PatchTypeOf(const std::string& text) {
  if (text == "strategic") return v1::PatchRequest::STRATEGIC;
  if (text == "merge") return v1::PatchRequest::MERGE;
  if (text == "json") return v1::PatchRequest::JSON;
  return InvalidArgument("--type must be one of [json merge strategic], not \"{}\"", text);
}

absl::StatusOr<std::string> DocumentOf(Session& session) {
  const std::string text = session.flags().Text("patch");
  const std::string file = session.flags().Text("patch-file");
  if (text.empty() == file.empty())
    return InvalidArgument("must specify --patch or --patch-file, and not both");
  if (!text.empty()) return text;
  return ReadText(session, file);
}

absl::StatusOr<bool> StatusOf(const Session& session) {
  const std::string text = session.flags().Text("subresource");
  if (text.empty() || text == "status") return text == "status";
  return InvalidArgument("invalid subresource value: \"{}\". Must be one of [status]", text);
}

bool SameVersion(const v1::Object& a, const v1::Object& b) {
  return schema::Meta(a).resource_version() == schema::Meta(b).resource_version();
}

// With a dry run versions say nothing.
bool Same(const v1::Object& before, const v1::Object& after, DryRun dry_run) {
  if (dry_run == DryRun::kNone) return SameVersion(before, after);
  return !schema::SpecDiffers(before, after) && schema::ChangedPaths(before, after).empty();
}

absl::StatusOr<int64_t> NumberFlag(const Session& session, std::string_view flag,
                                   std::string_view wrong) {
  const std::string text = session.flags().Text(flag);
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value < 0)
    return InvalidArgument("{}", wrong);
  return value;
}

// The replicas that are asked for, if the kind has such a field.
absl::StatusOr<std::string> ReplicasOf(const v1::Object& object) {
  const google::protobuf::Message& inner = schema::Inner(object);
  const auto* spec = schema::FindField(inner.GetDescriptor(), "spec");
  const auto* replicas =
      spec == nullptr ? nullptr : schema::FindField(spec->message_type(), "replicas");
  if (replicas == nullptr)
    return InvalidArgument("{} cannot be scaled: they have no spec.replicas",
                           schema::KindOf(object)->plural);
  const std::string text = schema::ValueAt(object, "spec.replicas");
  return text.empty() ? "0" : text;
}

absl::Status CheckScalePreconditions(const Session& session, const v1::Object& object,
                                     const std::string& replicas) {
  const std::string wanted = session.flags().Text("current-replicas");
  if (!wanted.empty() && wanted != replicas)
    return FailedPrecondition("Expected replicas to be {}, was {}", wanted, replicas);
  const std::string version = session.flags().Text("resource-version");
  const std::string& present = schema::Meta(object).resource_version();
  if (!version.empty() && version != present)
    return FailedPrecondition("Expected resource version to be {}, was {}", version, present);
  return absl::OkStatus();
}

// The preconditions hold for the version that was looked at, so the patch names it.
std::string ScaleDocument(const Session& session, const v1::Object& object, int64_t replicas) {
  const bool guarded = !session.flags().Text("current-replicas").empty() ||
                       !session.flags().Text("resource-version").empty();
  if (!guarded) return fmt::format(R"({{"spec":{{"replicas":{}}}}})", replicas);
  return fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},"spec":{{"replicas":{}}}}})",
                     schema::Meta(object).resource_version(), replicas);
}

absl::Status ScaleOne(Session& session, const v1::Object& object, int64_t replicas,
                      DryRun dry_run) {
  ASSIGN_OR_RETURN(const std::string present, ReplicasOf(object));
  RETURN_IF_ERROR(CheckScalePreconditions(session, object, present));
  RETURN_IF_ERROR(
      SendPatch(session, object, v1::PatchRequest::MERGE, ScaleDocument(session, object, replicas))
          .status());
  session.Out("{} scaled{}\n", RefOf(object), DryRunSuffix(dry_run));
  return absl::OkStatus();
}

absl::Status PatchOne(Session& session, const v1::Object& before, v1::PatchRequest::Type type,
                      const std::string& document, bool status) {
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  const std::string output = session.flags().Text("output");
  ASSIGN_OR_RETURN(const OutputFormat format, ParseOutputFormat(output));
  if (!output.empty() && format.table())
    return InvalidArgument("-o takes yaml, json, name, jsonpath or custom-columns here");
  ASSIGN_OR_RETURN(const v1::Object after, SendPatch(session, before, type, document, status));
  if (!format.table()) {
    ASSIGN_OR_RETURN(const std::string text, Format(format, {after}, true));
    session.Out("{}", text);
    return absl::OkStatus();
  }
  session.Out("{} patched{}{}\n", RefOf(after), DryRunSuffix(dry_run),
              Same(before, after, dry_run) ? " (no change)" : "");
  return absl::OkStatus();
}

}  // namespace

absl::Status RunPatch(Session& session) {
  ASSIGN_OR_RETURN(const v1::PatchRequest::Type type, PatchTypeOf(session.flags().Text("type")));
  ASSIGN_OR_RETURN(const bool status, StatusOf(session));
  ASSIGN_OR_RETURN(const std::string document, DocumentOf(session));
  ASSIGN_OR_RETURN(const std::vector<v1::Object> objects,
                   ObjectsFor(session, session.args(), "patch"));
  for (const v1::Object& object : objects)
    session.Report(PatchOne(session, object, type, document, status));
  return absl::OkStatus();
}

absl::Status RunScale(Session& session) {
  constexpr std::string_view kWrong =
      "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0";
  ASSIGN_OR_RETURN(const int64_t replicas, NumberFlag(session, "replicas", kWrong));
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  ASSIGN_OR_RETURN(const std::vector<v1::Object> objects,
                   ObjectsFor(session, session.args(), "scale"));
  for (const v1::Object& object : objects)
    session.Report(ScaleOne(session, object, replicas, dry_run));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
