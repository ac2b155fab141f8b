// Messages into Nodes, in Kubernetes' order. Internal to proto/schema.
#pragma once

#include <google/protobuf/message.h>

#include <vector>

#include "proto/schema/node.h"
#include "proto/schema/secrets.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::schema {

// apiVersion, kind, metadata, then the kind's other fields. Sensitive fields are "***", or marks of
// `secrets` when it is given.
Node EncodeObject(const google::protobuf::Message& object, Secrets* secrets = nullptr);
// kind: List.
Node EncodeList(const std::vector<v1::Object>& objects);
// The fields of any message.
Node EncodeMessage(const google::protobuf::Message& message, Secrets* secrets = nullptr);

}  // namespace reeve::schema
