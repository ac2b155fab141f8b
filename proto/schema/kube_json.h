// Objects as Kubernetes' clients read and write them over HTTP: the dialect of json.h, and where
// Kubernetes' ObjectMeta has another form than ours, Kubernetes' form. managedFields entries have
// apiVersion, fieldsType and fieldsV1, owner references have apiVersion. Pure.
//
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/object.h"

namespace reeve::schema {

// One line. Sensitive fields show as "***".
std::string ToKubeJson(const Message& object);
// Only apiVersion meta.k8s.io/v1, kind PartialObjectMetadata and metadata.
std::string ToKubePartialJson(const Message& object);
// Only the value of "metadata".
std::string ToKubeMetadataJson(const Message& object);

// An object of `registry`'s Object type. Strict, as FromJson; but what Kubernetes' clients send
// without meaning it is left out: members that are null, managedFields, metadata.selfLink and
// metadata.deletionGracePeriodSeconds. `mentioned` (may be null) gets the path, by index, of every
// field that the text names.
absl::StatusOr<std::unique_ptr<Message>> FromKubeJson(
    std::string_view text, const KindRegistry& registry = KindRegistry::Get(),
    std::vector<FieldPath>* mentioned = nullptr);

}  // namespace reeve::schema
