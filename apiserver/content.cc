#include "apiserver/content.h"

#include <algorithm>

#include "apiserver/strategies.h"
#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

using Role = Identity::Role;

bool Names(const Message& work, const std::string& digest) {
  const std::vector<std::string> digests = schema::ValuesAt(work, "spec.artifacts[].unpack.blob");
  return std::find(digests.begin(), digests.end(), digest) != digests.end();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlobUpload>> ContentStore::Begin(const Identity& who) {
  if (who.role != Role::kAdmin && who.role != Role::kController)
    return PermissionDenied("hosts may not upload blobs");
  return blobs_->Begin();
}

absl::StatusOr<v1::Blob> ContentStore::Finish(BlobUpload* upload, const std::string& ns,
                                              const std::string& digest,
                                              const std::string& source) {
  ASSIGN_OR_RETURN(const BlobInfo info, upload->Finish(digest));
  v1::Object object;
  v1::Blob* blob = object.mutable_blob();
  blob->mutable_metadata()->set_namespace_(ns.empty() ? std::string(kDefaultNamespace) : ns);
  blob->mutable_metadata()->set_name(info.digest);
  blob->mutable_spec()->set_size_bytes(static_cast<int64_t>(info.size_bytes));
  blob->mutable_spec()->set_files(static_cast<int64_t>(info.files));
  blob->mutable_spec()->set_source(source);
  const Identity server = Identity::Controller("apiserver");
  absl::StatusOr<ObjectPtr> made = registry_->Create(server, object, {});
  if (absl::IsAlreadyExists(made.status())) made = registry_->Get(server, schema::KeyOf(object));
  RETURN_IF_ERROR(made.status());
  return static_cast<v1::Object&>(**made).blob();
}

absl::Status ContentStore::CheckReader(const Identity& who, const std::string& ns,
                                       const std::string& digest) const {
  if (who.role == Role::kAdmin || who.role == Role::kController) return absl::OkStatus();
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Work");
  request.mutable_selector()->set_namespace_(ns);
  request.mutable_selector()->set_fields("spec.host=" + who.name);
  bool named = false;
  RETURN_IF_ERROR(registry_
                      ->List(who, request,
                             [&](const ObjectPtr& work) { named = named || Names(*work, digest); })
                      .status());
  return named ? absl::OkStatus() : NotFound("blobs \"{}\" not found", digest);
}

absl::StatusOr<std::unique_ptr<BlobReader>> ContentStore::Read(const Identity& who,
                                                               const std::string& ns,
                                                               const std::string& digest) const {
  const std::string in = ns.empty() ? std::string(kDefaultNamespace) : ns;
  RETURN_IF_ERROR(CheckReader(who, in, digest));
  RETURN_IF_ERROR(registry_->Get(Identity::Admin(), {"Blob", in, digest}).status());
  return blobs_->Read(digest);
}

}  // namespace reeve::apiserver
