// ctl edit: an object in the user's editor, and what was changed as a patch.
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/editor.h"
#include "ctl/errors.h"
#include "ctl/patching.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "proto/schema/json_patch.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kHead =
    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
    "# and an empty file will abort the edit. If an error occurs while saving this file will be\n"
    "# reopened with the relevant failures.\n"
    "#\n";

std::string WithoutComments(std::string_view text) {
  std::string rest;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.starts_with('#') && !(line.empty() && rest.empty())) rest += line + "\n";
  }
  while (rest.ends_with("\n\n")) rest.pop_back();
  return Trim(rest).empty() ? "" : rest;
}

std::string Commented(std::string_view text) {
  std::string all;
  for (const std::string& line : Split(Trim(text), '\n')) all += "# " + line + "\n";
  return all + "#\n";
}

// What may be changed of the object in `text`.
absl::StatusOr<v1::Object> ReadOne(std::string_view text, const std::string& source) {
  ASSIGN_OR_RETURN(const std::vector<schema::Manifest> manifests,
                   schema::ParseManifests(text, source));
  if (manifests.size() != 1)
    return InvalidArgument("the file has {} objects, there must be one", manifests.size());
  return manifests[0].object;
}

// One edit: again and again the same file, until it is accepted, left as it was, or emptied.
class Edit {
 public:
  Edit(Session& session, v1::Object live, TextFile file)
      : session_(session), live_(std::move(live)), file_(std::move(file)) {}

  absl::Status Run() {
    v1::Object shown = live_;
    schema::MutableMeta(&shown)->clear_managed_fields();
    original_ = schema::ToYaml(shown);
    std::string text = original_;
    for (absl::Status failure;;) {
      const std::string about = failure.ok() ? "" : Commented(Message(failure));
      RETURN_IF_ERROR(file_.Write(fmt::format("{}{}{}", kHead, about, text)));
      std::vector<std::string> argv = EditorOf(session_.io());
      argv.push_back(file_.path());
      RETURN_IF_ERROR(session_.io().run(argv));
      ASSIGN_OR_RETURN(const std::string file, file_.Read());
      std::string edited = WithoutComments(file);
      if (!failure.ok() && edited == text) return GiveUp(failure);
      text = std::move(edited);
      if (text.empty()) return Cancel("Edit cancelled, saved file was empty.");
      if (text == original_) return Cancel("Edit cancelled, no changes made.");
      failure = Save(text);
      if (failure.ok()) return absl::OkStatus();
    }
  }

 private:
  absl::Status Cancel(std::string_view why) {
    session_.Out("{}\n", why);
    file_.Remove();
    return absl::OkStatus();
  }

  absl::Status GiveUp(const absl::Status& failure) {
    session_.Err("{}A copy of your changes has been stored to \"{}\"\n", ErrorText(failure),
                 file_.path());
    return InvalidArgument("Edit cancelled, no valid changes were saved.");
  }

  absl::Status Save(const std::string& text) {
    ASSIGN_OR_RETURN(const v1::Object before, ReadOne(original_, "the object"));
    ASSIGN_OR_RETURN(const v1::Object after, ReadOne(text, file_.path()));
    const std::string document = schema::MergePatch(before, after);
    if (document == "{}") return Cancel("Edit cancelled, no changes made.");
    RETURN_IF_ERROR(SendPatch(session_, live_, v1::PatchRequest::MERGE, document).status());
    session_.Out("{} edited\n", RefOf(live_));
    file_.Remove();
    return absl::OkStatus();
  }

  Session& session_;
  const v1::Object live_;
  const TextFile file_;
  std::string original_;
};

}  // namespace

absl::Status RunEdit(Session& session) {
  ASSIGN_OR_RETURN(const One one, ParseOne(session.args(), "edit"));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(v1::Object live, FromServer(api->Get(session.KeyFor(*one.kind, one.name))));
  ASSIGN_OR_RETURN(TextFile file, TextFile::Create(session.io()));
  return Edit(session, std::move(live), std::move(file)).Run();
}

}  // namespace reeve::ctl
